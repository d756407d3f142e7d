using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace Overlay.Testing;

/// <summary>TCP ports for servers that a test starts.</summary>
internal static class FreePorts
{
    // Each test run begins somewhere else.
    private static int s_next = Random.Shared.Next(20_000);

    /// <summary>One on which nobody listens, another with each call.</summary>
    internal static int Next(IPAddress address)
    {
        // Below the ports the kernel gives to connections (ip_local_port_range): one of those may be taken while a
        // server restarts.
        const int First = 10_000, Count = 20_000;
        while (true)
        {
            int port = First + ((Interlocked.Increment(ref s_next) & int.MaxValue) % Count);
            using var listener = new TcpListener(address, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The next one, then.
            }
        }
    }
}
