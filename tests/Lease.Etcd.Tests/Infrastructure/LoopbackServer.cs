using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>A port on loopback where every connection is treated the same way, until it is disposed.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<TcpClient, CancellationToken, Task> _serve;

    private int _connections;

    /// <param name="serve">Does it; the connection is closed afterwards.</param>
    /// <param name="scheme">Of <see cref="Endpoint"/>.</param>
    internal LoopbackServer(Func<TcpClient, CancellationToken, Task> serve, string scheme = "http")
    {
        _serve = serve;
        _listener.Start();
        Endpoint = new Uri($"{scheme}://{_listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    internal Uri Endpoint { get; }

    /// <summary>How many were made to it so far.</summary>
    internal int Connections => Volatile.Read(ref _connections);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        CancellationToken cancellation = _end.Token;
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(cancellation);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(client, cancellation);
            }
        }
        catch (Exception problem) when (problem is OperationCanceledException or SocketException
            or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellation)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await _serve(client, cancellation);
            }
            catch (Exception problem) when (problem is OperationCanceledException or IOException
                or AuthenticationException)
            {
                // The other side has gone, or the test is over.
            }
        }
    }
}
