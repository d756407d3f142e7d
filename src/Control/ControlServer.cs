using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Control;

/// <summary>Answers one command of the control socket.</summary>
/// <param name="answer">Takes the answer, in as many parts as it has.</param>
/// <param name="cancellation">Signalled when the daemon stops or the client is gone.</param>
public delegate Task ControlHandler(ControlAnswer answer, CancellationToken cancellation);

/// <summary>The daemon's side of the control socket: a unix stream socket in the run directory, one request a
/// connection.</summary>
/// <remarks>
/// Every client has a task of its own, and at most <see cref="MostClients"/> are answered at once. Handlers run side by
/// side. Who may connect is decided by the socket's file mode: its owner alone (unix(7), pathname sockets).
/// </remarks>
public sealed class ControlServer : IAsyncDisposable
{
    /// <summary>Clients answered at once; one more is refused.</summary>
    public const int MostClients = 32;

    private const int LongestShown = 64; // characters of a client's own words in a refusal
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // A client that has not asked anything by then belongs to a version that read an object without asking.
    private static readonly TimeSpan s_requestWithin = TimeSpan.FromSeconds(1);

    // A client that takes nothing for so long has stopped reading.
    private static readonly TimeSpan s_partTakenWithin = TimeSpan.FromSeconds(10);

    // A handler that does not heed its cancellation is left behind: the daemon ends all the same.
    private static readonly TimeSpan s_endedWithin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _clients = [];
    private readonly Lock _clientsLock = new();
    private readonly Socket _listener;
    private readonly string _path;
    private readonly IReadOnlyDictionary<string, ControlHandler> _handlers;
    private readonly Task _accepting;
    private int _answered; // clients being answered

    private ControlServer(Socket listener, string path, IReadOnlyDictionary<string, ControlHandler> handlers)
    {
        _listener = listener;
        _path = path;
        _handlers = handlers;
        _accepting = AcceptAsync();
    }

    /// <summary>Checks that a socket can be made in a run directory, before anything is.</summary>
    /// <exception cref="OperatorException">The path is too long for a socket (unix(7): 107 bytes), or something else
    /// is there.</exception>
    public static void CheckPath(string runDirectory)
    {
        int tooLong = ControlProtocol.ExcessBytes(runDirectory);
        if (tooLong > 0)
        {
            throw new OperatorException(
                $"--run-dir {runDirectory} is {tooLong} bytes too long for a socket in it; choose a shorter one");
        }

        string path = ControlProtocol.PathIn(runDirectory);
        if (FileNode.KindOf(path) is not (FileNodeKind.None or FileNodeKind.Socket))
        {
            throw new OperatorException(
                $"{path} is not overlay's: it is no socket; remove it, or choose another --run-dir");
        }
    }

    /// <summary>
    /// Listens. What an earlier daemon left at the path is replaced: the run directory's lock is held.
    /// </summary>
    /// <param name="runDirectory">Where the socket goes.</param>
    /// <param name="handlers">By command.</param>
    /// <exception cref="OperatorException">As <see cref="CheckPath"/>, or the socket cannot be made.</exception>
    public static ControlServer Listen(string runDirectory, IReadOnlyDictionary<string, ControlHandler> handlers)
    {
        CheckPath(runDirectory);
        string path = ControlProtocol.PathIn(runDirectory);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, OwnerOnly); // before listen(2): until then every connect is refused
            listener.Listen();
            return new ControlServer(listener, path, handlers);
        }
        catch (Exception problem) when (
            problem is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new OperatorException(
                $"could not listen on {path}: {problem.Message.Split('\n')[0].TrimEnd('.')}; remove what is there, "
                    + "or choose another --run-dir", problem);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        Task[] clients;
        lock (_clientsLock)
        {
            clients = [.. _clients];
        }

        await Task.WhenAll(clients).WaitAsync(s_endedWithin)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        Leftover.Delete(_path);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Track(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
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

    private void Track(Task client)
    {
        lock (_clientsLock)
        {
            _ = _clients.Add(client);
        }

        _ = client.ContinueWith(
            ended =>
            {
                lock (_clientsLock)
                {
                    _ = _clients.Remove(ended);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var answer = new ControlAnswer(stream, s_partTakenWithin);
        try
        {
            ControlRequest? request = await ReadRequestAsync(stream, cancellation.Token);
            if (request is null)
            {
                await answer.RefuseSilentClientAsync(cancellation.Token);
            }
            else if (!TryFind(request, out ControlHandler? handler, out string? refusal))
            {
                await answer.RefuseAsync(refusal, cancellation.Token);
            }
            else
            {
                answer.Argument = request.Argument;
                await AnswerOneOfManyAsync(handler, answer, stream, cancellation);
            }
        }
        catch (ControlRefusalException refusal)
        {
            await RefuseAsync(answer, refusal.Message);
        }
        catch (ControlProtocolException problem)
        {
            await RefuseAsync(answer, $"this is no request of the control protocol: {problem.Message}");
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or SocketException)
        {
            // The client is gone, or the daemon stops.
        }
    }

    private bool TryFind(
        ControlRequest request,
        [NotNullWhen(returnValue: true)] out ControlHandler? handler,
        [NotNullWhen(returnValue: false)] out string? refusal)
    {
        const string Remedy = "use the overlay that the daemon was started from";
        handler = null;
        refusal = null;
        if (request.Version != ControlProtocol.Version)
        {
            refusal = $"the client speaks version {request.Version} of the control protocol, and this daemon version "
                + $"{ControlProtocol.Version}; {Remedy}";
        }
        else if (!_handlers.TryGetValue(request.Command, out handler))
        {
            string commands = string.Join(", ", _handlers.Keys.Order(StringComparer.Ordinal));
            refusal = $"this daemon has no command '{Shown(request.Command)}' on its control socket, only {commands}; "
                + Remedy;
        }

        return handler is not null;
    }

    private static string Shown(string command) => TerminalText.Mask(
        command.Length <= LongestShown ? command : $"{command[..LongestShown]}…");

    private async Task AnswerOneOfManyAsync(
        ControlHandler handler, ControlAnswer answer, NetworkStream stream, CancellationTokenSource cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _answered) > MostClients)
            {
                await answer.RefuseAsync(
                    $"{MostClients} clients are connected to this daemon already; end one of them", cancellation.Token);
                return;
            }

            await AnswerAsync(handler, answer, stream, cancellation);
        }
        finally
        {
            _ = Interlocked.Decrement(ref _answered);
        }
    }

    private async Task RefuseAsync(ControlAnswer answer, string reason)
    {
        try
        {
            await answer.RefuseAsync(reason, _stop.Token);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or SocketException)
        {
            // The client does not wait for it.
        }
    }

    // A client says nothing after its request, so a read that ends means that it is gone.
    private static async Task AnswerAsync(
        ControlHandler handler, ControlAnswer answer, NetworkStream stream, CancellationTokenSource cancellation)
    {
        Task gone = WatchAsync();
        try
        {
            await handler(answer, cancellation.Token);
            await answer.EndAsync(cancellation.Token);
        }
        finally
        {
            await cancellation.CancelAsync();
            await gone;
        }

        async Task WatchAsync()
        {
            try
            {
                _ = await stream.ReadAsync(new byte[1], cancellation.Token);
            }
            catch (Exception problem) when (problem is IOException or OperationCanceledException)
            {
                // Gone in another way, or answered.
            }
            finally
            {
                await cancellation.CancelAsync();
            }
        }
    }

    private static async Task<ControlRequest?> ReadRequestAsync(NetworkStream stream, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_requestWithin);
        try
        {
            (ControlPartKind kind, byte[] content) = await ControlProtocol.ReadPartAsync(
                stream, ControlProtocol.MostRequestBytes, deadline.Token);
            ControlRequest? request = kind == ControlPartKind.Request
                ? JsonSerializer.Deserialize(content, ControlJson.Default.ControlRequest)
                : throw new ControlProtocolException("its first part is of another kind");
            return request ?? throw new ControlProtocolException("it is null");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (JsonException)
        {
            throw new ControlProtocolException("its JSON is not that of a request");
        }
    }
}
