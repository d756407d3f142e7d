using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Terminal;

namespace Overlay.Daemon.Endpoints;

/// <summary>Answers a path.</summary>
/// <param name="query">What follows the question mark; empty for nothing.</param>
internal delegate HttpAnswer HttpPage(string query);

/// <summary>A few pages over HTTP/1.1: one GET or HEAD a connection, and no body taken.</summary>
/// <remarks>
/// HttpListener would do, but finds a page by the request's Host: bound to one address it answers nobody who asks by a
/// name. Kestrel costs a daemon more memory than everything else it has.
/// </remarks>
internal sealed class HttpEndpoint : IAsyncDisposable
{
    /// <summary>
    /// Clients at once. One more takes the place of the oldest that has not asked yet; where all have asked it waits.
    /// </summary>
    internal const int MostClients = 16;

    /// <summary>Who has not asked by then is no probe.</summary>
    internal static readonly TimeSpan AskedWithin = TimeSpan.FromSeconds(1);

    private const int MostHeadBytes = 8 << 10;

    // For the answer, once it is known what to.
    private static readonly TimeSpan s_takenWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_endedWithin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _room = new(MostClients);
    private readonly Socket _listener;
    private readonly IReadOnlyDictionary<string, HttpPage> _pages;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Lock _asking = new();
    private readonly List<Socket> _silent = []; // those that have not asked yet, the oldest first
    private readonly ConcurrentDictionary<string, bool> _failed = []; // pages whose failure has been logged
    private readonly Task _accepting;

    private HttpEndpoint(
        Socket listener, IReadOnlyDictionary<string, HttpPage> pages, TimeProvider clock, ILogger log)
    {
        (_listener, _pages, _clock, _log) = (listener, pages, clock, log);
        Address = (IPEndPoint)listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    internal IPEndPoint Address { get; }

    /// <summary>Listens.</summary>
    /// <param name="address">Where; port 0 for a free one.</param>
    /// <param name="pages">By path.</param>
    /// <param name="options">Those that choose the address, for the refusal.</param>
    /// <param name="clock">Measures the patience with clients.</param>
    /// <param name="log">Gets a line when a page cannot be answered.</param>
    /// <exception cref="OperatorException">The address is taken, or not this host's.</exception>
    internal static HttpEndpoint Listen(
        IPEndPoint address, IReadOnlyDictionary<string, HttpPage> pages, string options, TimeProvider clock,
        ILogger log)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true; // as Go's listener, stock's: all addresses of the host
            }

            listener.Bind(address);
            listener.Listen();
            return new HttpEndpoint(listener, pages, clock, log);
        }
        catch (SocketException problem)
        {
            listener.Dispose();
            throw new OperatorException(
                $"could not listen on {address}: {problem.Message.TrimEnd('.')}; choose another with {options}",
                problem);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        int ended = 0;
        while (ended < MostClients && await _room.WaitAsync(s_endedWithin))
        {
            ended++; // each place that is taken is a conversation that has ended
        }

        if (ended == MostClients)
        {
            _room.Dispose(); // a page that hangs gives its place back later
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stop.Token);
                try
                {
                    await TakePlaceAsync();
                }
                catch
                {
                    client.Dispose();
                    throw;
                }

                lock (_asking)
                {
                    _silent.Add(client);
                }

                _ = Task.Run(() => ServeAsync(client)); // which catches everything
            }
            catch (Exception problem) when (problem is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // That client is gone, or no descriptor is left, and trying again at once is no use.
                await Task.Delay(s_pauseAfterFailure, _stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task TakePlaceAsync()
    {
        if (_room.Wait(0))
        {
            return;
        }

        lock (_asking)
        {
            if (_silent is [var oldest, ..])
            {
                oldest.Dispose(); // its read fails, and it gives its place back
                _silent.RemoveAt(0);
            }
        }

        await _room.WaitAsync(_stop.Token);
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using var patience = new CancellationTokenSource(AskedWithin, _clock);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, patience.Token);
            await using var stream = new NetworkStream(client, ownsSocket: true);
            string? request = await ReadHeadAsync(stream, deadline.Token);
            Forget(client);
            patience.CancelAfter(s_takenWithin);
            (HttpAnswer answer, bool hasBody) = Answer(request);
            byte[] body = Encoding.UTF8.GetBytes(answer.Body);
            string head = string.Create(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 {answer.Status} {ReasonOf(answer.Status)}\r\nContent-Type: {answer.ContentType}\r\n"
                    + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), deadline.Token);
            if (hasBody)
            {
                await stream.WriteAsync(body, deadline.Token);
            }

            client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception problem) when (
            problem is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone or too slow, another has taken its place, or the daemon stops.
        }
        catch (Exception problem)
        {
            LogFailure("a request", problem);
        }
        finally
        {
            Forget(client);
            client.Dispose();
            _ = _room.Release();
        }
    }

    private void Forget(Socket client)
    {
        lock (_asking)
        {
            _ = _silent.Remove(client);
        }
    }

    // Null when it is no head, or a longer one than anybody sends who asks for a page.
    private static async Task<string?> ReadHeadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        byte[] head = new byte[MostHeadBytes];
        int length = 0;
        while (length < head.Length)
        {
            int read = await stream.ReadAsync(head.AsMemory(length), cancellation);
            if (read == 0)
            {
                return null;
            }

            length += read;
            if (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return Encoding.ASCII.GetString(head, 0, length);
            }
        }

        return null;
    }

    private (HttpAnswer Answer, bool HasBody) Answer(string? head)
    {
        if (head?.Split("\r\n")[0].Split(' ') is not [var method, var target, var version]
            || !version.StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return (new HttpAnswer(400, "this is no request\n"), true);
        }

        if (method is not ("GET" or "HEAD"))
        {
            return (new HttpAnswer(405, "only GET and HEAD are answered\n"), true);
        }

        string[] parts = target.Split('?', 2);
        HttpAnswer answer = _pages.TryGetValue(parts[0], out HttpPage? page)
            ? Show(parts[0], page, parts.Length > 1 ? parts[1] : string.Empty)
            : new HttpAnswer(404, $"there are {string.Join(", ", _pages.Keys)}\n");
        return (answer, method == "GET");
    }

    // What a page reads may be closed or unreadable just then: that is the page's failure, not the daemon's.
    private HttpAnswer Show(string path, HttpPage page, string query)
    {
        try
        {
            HttpAnswer answer = page(query);
            _ = _failed.TryRemove(path, out _);
            return answer;
        }
        catch (Exception problem)
        {
            LogFailure(path, problem);
            return new HttpAnswer(500, $"{path} could not be answered: {problem.Message.Split('\n')[0]}\n");
        }
    }

    private void LogFailure(string what, Exception problem)
    {
        if (_failed.TryAdd(what, true))
        {
            Log.PageFailed(_log, what, problem.Message);
        }
    }

    private static string ReasonOf(int status) => status switch
    {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };
}
