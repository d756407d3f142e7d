using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>Endpoints with nothing useful behind them.</summary>
internal static class DeadEnds
{
    /// <summary>A port on which nobody listens.</summary>
    internal static Uri Refusing()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}");
    }

    /// <summary>A port that takes a connection and then says <paramref name="greeting"/>, or nothing at all.</summary>
    internal static Answering Listen(string greeting = "") => new(greeting);

    /// <summary>
    /// A port whose queue is full, so that the kernel answers no further connection: as silent as a firewall.
    /// </summary>
    internal static Full FillUp() => new();

    internal sealed class Full : IDisposable
    {
        private const int Waiting = 4;

        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<Socket> _waiting = [];

        internal Full()
        {
            _listener.Start(backlog: 1);
            Endpoint = new Uri($"http://{_listener.LocalEndpoint}");
            for (int i = 0; i < Waiting; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _waiting.Add(socket);
                try
                {
                    socket.Connect(_listener.LocalEndpoint);
                }
                catch (SocketException inProgress) when (
                    inProgress.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    // As it should be.
                }
            }
        }

        internal Uri Endpoint { get; }

        public void Dispose()
        {
            _waiting.ForEach(socket => socket.Dispose());
            _listener.Dispose();
        }
    }

    internal sealed class Answering : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();

        private int _connections;

        internal Answering(string greeting)
        {
            _listener.Start();
            Endpoint = new Uri($"http://{_listener.LocalEndpoint}");
            _ = ServeAsync(greeting);
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

        private async Task ServeAsync(string greeting)
        {
            CancellationToken end = _end.Token;
            try
            {
                while (true)
                {
                    TcpClient client = await _listener.AcceptTcpClientAsync(end);
                    Interlocked.Increment(ref _connections);
                    _ = TalkAsync(client, greeting, end);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private static async Task TalkAsync(TcpClient client, string greeting, CancellationToken end)
        {
            using (client)
            {
                try
                {
                    NetworkStream stream = client.GetStream();
                    byte[] buffer = new byte[4096];
                    while (await stream.ReadAsync(buffer, end) > 0)
                    {
                        await stream.WriteAsync(Encoding.ASCII.GetBytes(greeting), end);
                        if (greeting.Length > 0)
                        {
                            return;
                        }
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // The other side has gone, or the test is over.
                }
            }
        }
    }
}
