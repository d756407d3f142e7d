using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Testing;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>Endpoints with nothing useful behind them.</summary>
internal static class DeadEnds
{
    private const string BadRequest = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

    /// <summary>A port on which nobody listens.</summary>
    internal static Uri Refusing()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}");
    }

    /// <summary>A port that takes connections and what is said on them, and says nothing.</summary>
    internal static LoopbackServer Silent(string scheme = "http") => new(
        async (client, cancellation) =>
        {
            byte[] buffer = new byte[4096];
            while (await client.GetStream().ReadAsync(buffer, cancellation) > 0)
            {
            }
        },
        scheme);

    /// <summary>A port that answers the first words with these and closes; with none it only closes.</summary>
    internal static LoopbackServer Answering(string words) => new(
        (client, cancellation) => AnswerAsync(client.GetStream(), words, cancellation));

    /// <summary>A web server that has not heard of HTTP/2, in plain text.</summary>
    internal static LoopbackServer Http11() => Answering(BadRequest);

    /// <summary>A web server that has not heard of HTTP/2, over TLS.</summary>
    internal static LoopbackServer Http11(TestCertificate certificate) => new(
        async (client, cancellation) =>
        {
            using var shown = X509Certificate2.CreateFromPemFile(certificate.CertFile, certificate.KeyFile);
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = shown }, cancellation);
            await AnswerAsync(stream, BadRequest, cancellation);
        },
        "https");

    /// <summary>A port that closes each connection before a word is said on it.</summary>
    /// <param name="isReset">True for RST in place of FIN.</param>
    /// <param name="scheme">Of its endpoint.</param>
    internal static LoopbackServer Closing(bool isReset, string scheme = "http") => new(
        (client, _) =>
        {
            client.LingerState = new LingerOption(isReset, 0);
            return Task.CompletedTask;
        },
        scheme);

    /// <summary>
    /// A port whose queue is full, so that the kernel answers no further connection: as silent as a firewall.
    /// </summary>
    internal static Full FillUp() => new();

    private static async Task AnswerAsync(Stream stream, string words, CancellationToken cancellation)
    {
        _ = await stream.ReadAsync(new byte[4096], cancellation);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(words), cancellation);
    }

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
                catch (SocketException problem) when (problem.SocketErrorCode
                    is SocketError.WouldBlock or SocketError.InProgress)
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
}
