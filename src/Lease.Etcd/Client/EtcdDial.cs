using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// Makes TCP connections to an endpoint, one at a time, so that what does not come up is known by name and address.
/// </summary>
/// <param name="resolve">Finds the addresses of a name.</param>
internal sealed class EtcdDial(Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    private const string InTime = "in time";

    private volatile string? _pending;

    /// <summary>What a connection that has not come up in time lacks, for a message.</summary>
    internal string Pending => _pending ?? $"no connection {InTime}";

    /// <summary>Tries one address after the other.</summary>
    /// <exception cref="SocketException">There is no connection to the address.</exception>
    /// <exception cref="DialException">The name has no address, or there is no connection to any of them.</exception>
    internal async Task<Socket> ConnectAsync(DnsEndPoint to, CancellationToken cancellation)
    {
        _pending = null;
        if (IPAddress.TryParse(to.Host, out IPAddress? literal))
        {
            return await ConnectAsync(literal, to.Port, cancellation);
        }

        _pending = Unresolved(to.Host, $"no name server has answered {InTime}");
        IPAddress[] addresses = await ResolveAsync(to.Host, cancellation);
        List<string> failures = [];
        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            _pending = $"no connection to {address} {InTime}";
            try
            {
                return await ConnectAsync(address, to.Port, cancellation);
            }
            catch (SocketException problem)
            {
                failures.Add($"{problem.Message} ({address})");
                last = problem;
            }
        }

        string reason = failures.Count > 0 ? string.Join(", ", failures) : Unresolved(to.Host, "it has no address");
        throw new DialException(reason, last);
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await resolve(host, cancellation);
        }
        catch (SocketException problem)
        {
            // The kernel's words for what the resolver says (getaddrinfo(3)) speak of resources and of hosts.
            string reason = problem.SocketErrorCode switch
            {
                SocketError.HostNotFound => "there is no such name",
                SocketError.NoData => "it has no address",
                SocketError.TryAgain => "no name server gives an answer",
                SocketError.NoRecovery => "the name server refuses",
                _ => problem.Message,
            };
            throw new DialException(Unresolved(host, reason), problem);
        }
    }

    private static string Unresolved(string host, string reason) => $"the name {host} cannot be resolved: {reason}";
}

/// <summary>A name leads to no connection.</summary>
/// <param name="message">Name or addresses, and what failed.</param>
/// <param name="innerException">The last failure; null where there is no address to try.</param>
internal sealed class DialException(string message, SocketException? innerException)
    : IOException(message, innerException);
