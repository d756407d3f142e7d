using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing;

/// <summary>
/// A wire on loopback between a client and a server of HTTP/2 in plain text that a test can cut or make deaf.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<TcpClient> _open = [];
    private readonly List<(string Head, uint Stream, Func<byte[], Task> Answer)> _calls = [];
    private readonly Task _accepting;

    private volatile IPEndPoint _server;
    private byte[]? _trigger;
    private byte[]? _cutTrigger;
    private volatile Refusal? _refusal;
    private volatile bool _isCut;
    private volatile bool _isMute;
    private volatile bool _isDeafening;
    private int _connections;

    public TcpRelay(Uri server)
    {
        _server = PointOf(server);
        _listener.Start();
        Endpoint = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Endpoint { get; }

    /// <summary>How many connections were made to it so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many calls so far have this in their head, for example a part of the path.</summary>
    public int Calls(string said) => CallsThatSay(said).Length;

    /// <summary>
    /// Resets the streams of calls that have this in their head, as a proxy does that ends what is idle; the connection
    /// stays.
    /// </summary>
    public async Task ResetAsync(string said)
    {
        foreach ((string _, uint stream, Func<byte[], Task> answer) in CallsThatSay(said))
        {
            await answer(Http2Frame.Reset(stream));
        }
    }

    /// <summary>
    /// Lets through one piece of data for each call and no more, so that a stream of answers is confirmed and then
    /// silent while calls with one short answer work and the connection looks healthy.
    /// </summary>
    public void DeafenStreams() => _isDeafening = true;

    /// <summary>Whether the server's answers are being dropped.</summary>
    public bool IsMute => _isMute;

    /// <summary>Closes all connections, and each new one, until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        _isCut = true;
        CloseAll();
    }

    /// <summary>Leads to another server from now on; connections to the one before are closed.</summary>
    public void Redirect(Uri server)
    {
        _server = PointOf(server);
        CloseAll();
    }

    /// <summary>
    /// Drops what the server says from the moment on that a client has said this, until <see cref="Heal"/>.
    /// </summary>
    public void MuteAfter(string said) => _trigger = Encoding.ASCII.GetBytes(said);

    /// <summary>Cuts, until <see cref="Heal"/>, the moment a client says this, which does not arrive.</summary>
    public void CutBefore(string said) => _cutTrigger = Encoding.ASCII.GetBytes(said);

    /// <summary>
    /// Answers calls in which a client says this itself, until <see cref="Heal"/>; they do not arrive.
    /// </summary>
    /// <param name="said">In one frame, for example a part of the path.</param>
    /// <param name="status">gRPC's.</param>
    /// <param name="message">Less than 127 characters of plain text.</param>
    public void Refuse(string said, int status, string message) =>
        _refusal = new Refusal(Encoding.ASCII.GetBytes(said), status, message);

    /// <summary>Lets everything through again; connections that missed something are closed.</summary>
    public void Heal()
    {
        _isCut = false;
        _trigger = null;
        _cutTrigger = null;
        _refusal = null;
        if (_isMute)
        {
            CloseAll();
            _isMute = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CloseAll();
        await _accepting;
        _stop.Dispose();
    }

    private static IPEndPoint PointOf(Uri server) => new(IPAddress.Parse(server.Host), server.Port);

    private async Task AcceptAsync()
    {
        List<Task> relayed = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                relayed.Add(RelayAsync(client));
            }
        }
        catch (Exception problem) when (problem is OperationCanceledException or SocketException)
        {
        }

        await Task.WhenAll(relayed);
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true; // a frame that waits for the one before to be acknowledged takes 40 ms
            lock (_gate)
            {
                _open.Add(client);
                _open.Add(server);
            }

            try
            {
                if (!_isCut)
                {
                    using var answering = new SemaphoreSlim(1);
                    await server.ConnectAsync(_server, _stop.Token);
                    await await Task.WhenAny(
                        PumpRequestsAsync(client.GetStream(), server.GetStream(), answering),
                        PumpAnswersAsync(server.GetStream(), client.GetStream(), answering));
                }
            }
            catch (Exception problem) when (problem is IOException or SocketException or ObjectDisposedException
                or InvalidOperationException or OperationCanceledException)
            {
            }

            lock (_gate)
            {
                _open.Remove(client);
                _open.Remove(server);
            }
        }
    }

    private async Task PumpRequestsAsync(NetworkStream client, NetworkStream server, SemaphoreSlim answering)
    {
        const int PrefaceBytes = 24; // RFC 9113, section 3.4
        byte[] preface = new byte[PrefaceBytes];
        await client.ReadExactlyAsync(preface, _stop.Token);
        await server.WriteAsync(preface, _stop.Token);
        var frame = new Http2Frame();
        HashSet<uint> refused = [];
        while (await frame.ReadAsync(client, _stop.Token))
        {
            if (frame.IsHeaders)
            {
                lock (_gate)
                {
                    _calls.Add((
                        Encoding.Latin1.GetString(frame.Bytes.Span), frame.Stream,
                        bytes => AnswerAsync(client, bytes, answering)));
                }
            }

            if (_trigger is { } trigger && frame.Says(trigger))
            {
                _isMute = true;
            }

            if (_cutTrigger is { } last && frame.Says(last))
            {
                Cut();
                return;
            }

            if (_refusal is { } refusal && frame.Says(refusal.Said))
            {
                refused.Add(frame.Stream);
            }

            if (!refused.Contains(frame.Stream))
            {
                await server.WriteAsync(frame.Bytes, _stop.Token);
            }
            else if (frame.EndsStream && _refusal is { } answer)
            {
                await AnswerAsync(client, Http2Frame.Refusal(frame.Stream, answer.Status, answer.Message), answering);
            }
        }
    }

    private async Task PumpAnswersAsync(NetworkStream server, NetworkStream client, SemaphoreSlim answering)
    {
        var frame = new Http2Frame();
        HashSet<uint> streams = [];
        while (await frame.ReadAsync(server, _stop.Token))
        {
            bool isFurtherData = frame.IsData && !streams.Add(frame.Stream);
            if (!_isMute && !(_isDeafening && isFurtherData))
            {
                await AnswerAsync(client, frame.Bytes, answering);
            }
        }
    }

    private (string Head, uint Stream, Func<byte[], Task> Answer)[] CallsThatSay(string said)
    {
        lock (_gate)
        {
            return [.. _calls.Where(call => call.Head.Contains(said, StringComparison.Ordinal))];
        }
    }

    private async Task AnswerAsync(NetworkStream client, ReadOnlyMemory<byte> frame, SemaphoreSlim answering)
    {
        await answering.WaitAsync(_stop.Token);
        try
        {
            await client.WriteAsync(frame, _stop.Token);
        }
        finally
        {
            answering.Release();
        }
    }

    private void CloseAll()
    {
        lock (_gate)
        {
            foreach (TcpClient connection in _open)
            {
                connection.Close();
            }
        }
    }

    private sealed record Refusal(byte[] Said, int Status, string Message);
}
