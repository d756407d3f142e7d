using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
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
    private readonly Task _accepting;

    private volatile IPEndPoint _server;
    private byte[]? _trigger;
    private byte[]? _cutTrigger;
    private volatile bool _isCut;
    private volatile bool _isMute;
    private volatile bool _isDeafening;

    public TcpRelay(Uri server)
    {
        _server = PointOf(server);
        _listener.Start();
        Endpoint = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public Uri Endpoint { get; }

    /// <summary>
    /// Lets through one piece of data for each call and no more, so that a stream of answers is confirmed and then silent while
    /// calls with one short answer work and the connection looks healthy.
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

    /// <summary>Drops what the server says from the moment on that a client has said this, until <see cref="Heal"/>.</summary>
    public void MuteAfter(string said) => _trigger = Encoding.ASCII.GetBytes(said);

    /// <summary>Cuts, until <see cref="Heal"/>, the moment a client says this, which does not arrive.</summary>
    public void CutBefore(string said) => _cutTrigger = Encoding.ASCII.GetBytes(said);

    /// <summary>Lets everything through again; connections that missed something are closed.</summary>
    public void Heal()
    {
        _isCut = false;
        _trigger = null;
        _cutTrigger = null;
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
                relayed.Add(RelayAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
        }

        await Task.WhenAll(relayed);
    }

    private async Task RelayAsync(TcpClient client)
    {
        using TcpClient server = new() { NoDelay = true };
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
                    await server.ConnectAsync(_server, _stop.Token);
                    await await Task.WhenAny(
                        PumpRequestsAsync(client.GetStream(), server.GetStream()),
                        PumpAnswersAsync(server.GetStream(), client.GetStream()));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException
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

    private async Task PumpRequestsAsync(NetworkStream client, NetworkStream server)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await client.ReadAsync(buffer, _stop.Token) is > 0 and int count)
        {
            if (_trigger is { } trigger && buffer.AsSpan(0, count).IndexOf(trigger) >= 0)
            {
                _isMute = true;
            }

            if (_cutTrigger is { } last && buffer.AsSpan(0, count).IndexOf(last) >= 0)
            {
                Cut();
                return;
            }

            await server.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }

    // Frame by frame: RFC 9113, section 4.1.
    private async Task PumpAnswersAsync(NetworkStream server, NetworkStream client)
    {
        const int HeaderBytes = 9;
        const byte Data = 0;
        byte[] frame = new byte[HeaderBytes + (1 << 24)];
        HashSet<uint> streams = [];
        while (await server.ReadAtLeastAsync(frame.AsMemory(0, HeaderBytes), HeaderBytes, throwOnEndOfStream: false, _stop.Token) == HeaderBytes)
        {
            int length = (frame[0] << 16) | (frame[1] << 8) | frame[2];
            uint stream = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(5)) & 0x7FFF_FFFF;
            await server.ReadExactlyAsync(frame.AsMemory(HeaderBytes, length), _stop.Token);
            bool isFurtherData = frame[3] == Data && !streams.Add(stream);
            if (!_isMute && !(_isDeafening && isFurtherData))
            {
                await client.WriteAsync(frame.AsMemory(0, HeaderBytes + length), _stop.Token);
            }
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
}
