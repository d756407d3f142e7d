using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Finds out why a member ended a connection right after the TLS handshake.</summary>
/// <remarks>
/// It says so in an alert, but a handler that is writing at that moment often sees no more than the end of the
/// connection. So: one handshake more, and then nothing is written until the member has said something.
/// </remarks>
internal static class EtcdTlsProbe
{
    /// <summary>Asks once.</summary>
    /// <param name="endpoint">An https endpoint.</param>
    /// <param name="tls">How to speak to it.</param>
    /// <param name="serverName">The name its certificate must be for.</param>
    /// <param name="timeout">For everything.</param>
    /// <param name="cancellation">The caller's.</param>
    /// <returns>What is wrong with certificates; null when it is something else, or nothing any more.</returns>
    internal static async Task<string?> FindProblemAsync(
        Uri endpoint, EtcdTls tls, string serverName, TimeSpan timeout, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endpoint.IdnHost, endpoint.Port, deadline.Token);
            await using var stream = new SslStream(new NetworkStream(socket));
            await stream.AuthenticateAsClientAsync(tls.OptionsFor(serverName), deadline.Token);
            _ = await stream.ReadAsync(new byte[1], deadline.Token); // its settings, or an alert
            return null;
        }
        catch (Exception problem) when (problem is IOException or AuthenticationException)
        {
            return tls.Explain(problem);
        }
        catch (Exception problem) when (problem is SocketException
            || (problem is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
