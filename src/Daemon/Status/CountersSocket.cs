using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;

namespace Overlay.Daemon.Status;

/// <summary>
/// A unix stream socket in the run directory: whoever connects gets one JSON object and the end of the stream.
/// </summary>
internal sealed class CountersSocket : IAsyncDisposable
{
    private const string Name = "overlay.sock";
    private const int LongestPathBytes = 107; // sun_path of unix(7), less the terminating NUL
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan s_answerWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener;
    private readonly string _path;
    private readonly Task _serving;

    private CountersSocket(Socket listener, string path, Func<string> report)
    {
        _listener = listener;
        _path = path;
        _serving = ServeAsync(report);
    }

    /// <summary>Whether a socket can be made in a run directory, before anything is.</summary>
    /// <exception cref="OperatorException">The path is too long for a socket (unix(7): 107 bytes), or taken by
    /// something else.</exception>
    internal static void CheckPath(string runDirectory)
    {
        string path = Path.Combine(runDirectory, Name);
        int tooLong = Encoding.UTF8.GetByteCount(path) - LongestPathBytes;
        if (tooLong > 0)
        {
            throw new OperatorException(
                $"--run-dir {runDirectory} is {tooLong} bytes too long for a socket in it; choose a shorter one");
        }

        if (FileNode.KindOf(path) is not (FileNodeKind.None or FileNodeKind.Socket))
        {
            throw new OperatorException(
                $"{path} is not overlay's: it is no socket; remove it, or choose another --run-dir");
        }
    }

    /// <summary>
    /// Listens. What an earlier daemon left at the path is replaced: the run directory's lock is held.
    /// </summary>
    /// <exception cref="OperatorException">It cannot; as <see cref="CheckPath"/>, or it cannot be written.</exception>
    internal static CountersSocket Listen(string runDirectory, Func<string> report)
    {
        CheckPath(runDirectory);
        string path = Path.Combine(runDirectory, Name);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, OwnerOnly);
            listener.Listen();
            return new CountersSocket(listener, path, report);
        }
        catch (Exception refused) when (
            refused is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new OperatorException(
                $"could not listen on {path}: {refused.Message.Split('\n')[0].TrimEnd('.')}; remove what is there, "
                    + "or choose another --run-dir", refused);
        }
    }

    /// <summary>Asks the daemon of a run directory.</summary>
    /// <exception cref="OperatorException">No daemon answers there.</exception>
    internal static async Task<CountersReport> ReadAsync(string runDirectory, CancellationToken cancellation)
    {
        string path = Path.Combine(runDirectory, Name);
        if (!File.Exists(path))
        {
            throw new OperatorException(
                $"no daemon has a socket at {path}; start one (overlay run), or name its --run-dir");
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_answerWithin);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), deadline.Token);
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return CountersReport.Parse(await reader.ReadToEndAsync(deadline.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new OperatorException(
                $"the daemon at {path} does not answer within {s_answerWithin.TotalSeconds} s; is it stopped (ps -o "
                    + "stat)?");
        }
        catch (Exception refused) when (refused is SocketException or IOException or ArgumentException or JsonException)
        {
            throw new OperatorException(
                $"no daemon answers at {path}: {refused.Message.Split('\n')[0].TrimEnd('.')}; start one (overlay "
                    + "run), or name its --run-dir", refused);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        Leftover.Delete(_path);
        _stop.Dispose();
    }

    private async Task ServeAsync(Func<string> report)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using Socket client = await _listener.AcceptAsync(_stop.Token);

                // A client that does not read must not keep the next one waiting: the answer fits the socket's buffer,
                // or is cut.
                client.SendTimeout = 1000;
                client.Send(Encoding.UTF8.GetBytes(report()));
                client.Shutdown(SocketShutdown.Both);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // That client is gone, and the next one is served; or no descriptor is left, and trying again at once
                // is no use.
                await Task.Delay(s_pauseAfterFailure, _stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
