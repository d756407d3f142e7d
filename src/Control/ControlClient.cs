using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Terminal;

namespace Overlay.Control;

/// <summary>No daemon runs there: there is no socket, or nobody listens on it.</summary>
public sealed class NoDaemonException(string message, Exception cause) : OperatorException(message, cause);

/// <summary>Asks the daemon of a run directory over its control socket.</summary>
public static class ControlClient
{
    private static readonly TimeSpan s_answerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Reads the daemon's counters.</summary>
    /// <exception cref="OperatorException">No daemon answers there, or it refuses.</exception>
    public static async Task<CountersReport> ReadCountersAsync(string runDirectory, CancellationToken cancellation)
    {
        string answer = await AskAsync(runDirectory, ControlCommands.Counters, cancellation);
        try
        {
            return CountersReport.Parse(answer);
        }
        catch (JsonException problem)
        {
            throw NoAnswer(ControlProtocol.PathIn(runDirectory), problem);
        }
    }

    /// <summary>Reads what the daemon says of itself, for whoever can do without.</summary>
    /// <returns>Null where none answers, or one that cannot be asked.</returns>
    public static async Task<StatusReport?> FindStatusAsync(string runDirectory, CancellationToken cancellation)
    {
        try
        {
            return StatusReport.Parse(await AskAsync(runDirectory, ControlCommands.Status, cancellation));
        }
        catch (Exception problem) when (problem is OperatorException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Asks for an answer that has an end, and waits for the whole of it.</summary>
    /// <param name="runDirectory">The daemon's.</param>
    /// <param name="command">One of <see cref="ControlCommands"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="argument">About what; null for nothing.</param>
    /// <exception cref="OperatorException">No daemon answers there within 10 s, or it refuses.</exception>
    public static async Task<string> AskAsync(
        string runDirectory, string command, CancellationToken cancellation, string? argument = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_answerWithin);
        try
        {
            using var answer = new MemoryStream();
            await foreach (ReadOnlyMemory<byte> part in StreamAsync(
                runDirectory, command, deadline.Token, argument))
            {
                answer.Write(part.Span);
            }

            return Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new OperatorException(
                $"the daemon at {ControlProtocol.PathIn(runDirectory)} does not answer within "
                    + $"{s_answerWithin.TotalSeconds} s; is it stopped (ps -o stat)?");
        }
    }

    /// <summary>Asks for an answer that comes part by part, for as long as the daemon has something to tell.</summary>
    /// <param name="runDirectory">The daemon's.</param>
    /// <param name="command">One of <see cref="ControlCommands"/>.</param>
    /// <param name="cancellation">Ends the conversation.</param>
    /// <param name="argument">About what; null for nothing.</param>
    /// <exception cref="OperatorException">No daemon answers there, it refuses, or it ends before its
    /// answer.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        string runDirectory, string command, [EnumeratorCancellation] CancellationToken cancellation,
        string? argument = null)
    {
        string path = ControlProtocol.PathIn(runDirectory);

        // Made before the daemon is kept waiting for it: it takes a client that does not ask soon for an old one.
        byte[] request = JsonSerializer.SerializeToUtf8Bytes(
            new ControlRequest(ControlProtocol.Version, command, argument), ControlJson.Default.ControlRequest);
        await using NetworkStream stream = await ConnectAsync(path, cancellation);
        await SendAsync(stream, path, request, cancellation);
        while (true)
        {
            (ControlPartKind kind, byte[] content) = await ReadAsync(stream, path, cancellation);
            switch (kind)
            {
                case ControlPartKind.Answer:
                    yield return content;
                    break;
                case ControlPartKind.End:
                    yield break;
                case ControlPartKind.Refusal:
                    throw new OperatorException($"{path}: {Encoding.UTF8.GetString(content)}");
                default:
                    throw NoAnswer(path, new ControlProtocolException($"a part of kind {kind}"));
            }
        }
    }

    private static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception problem) when (problem is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw NotConnected(path, problem);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static OperatorException NotConnected(string path, Exception problem) =>
        (problem as SocketException)?.SocketErrorCode switch
        {
            SocketError.AccessDenied => new OperatorException(
                $"{path} may not be connected to: {problem.Message}; ask as the user whose daemon it is", problem),
            _ when !File.Exists(path) => new NoDaemonException(
                $"no daemon has a socket at {path}; start one (overlay run), or name its --run-dir", problem),
            SocketError.ConnectionRefused => new NoDaemonException(NoAnswer(path, problem).Message, problem),
            _ => NoAnswer(path, problem),
        };

    private static async Task SendAsync(
        NetworkStream stream, string path, byte[] request, CancellationToken cancellation)
    {
        try
        {
            await ControlProtocol.WritePartAsync(stream, ControlPartKind.Request, request, cancellation);
        }
        catch (IOException problem)
        {
            throw NoAnswer(path, problem);
        }
    }

    private static async Task<(ControlPartKind Kind, byte[] Content)> ReadAsync(
        NetworkStream stream, string path, CancellationToken cancellation)
    {
        try
        {
            return await ControlProtocol.ReadPartAsync(
                stream, ControlProtocol.MostPartBytes, cancellation);
        }
        catch (Exception problem) when (problem is IOException or ControlProtocolException)
        {
            throw NoAnswer(path, problem);
        }
    }

    private static OperatorException NoAnswer(string path, Exception problem) => new(
        $"no daemon answers at {path}: {problem.Message.Split('\n')[0].TrimEnd('.')}; start one (overlay run), or name "
            + "its --run-dir", problem);
}
