using System.Net;
using System.Net.Sockets;

namespace Overlay.Lease.Kubernetes.Tests.Infrastructure;

/// <summary>A port for a server that a test starts.</summary>
internal static class FreePort
{
    internal static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
