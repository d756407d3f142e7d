using System;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A UDP socket that sends nothing: it asks the kernel how long a packet to an address may be.</summary>
/// <remarks>
/// Owned by one thread. Opened once and asked often: asking needs no descriptor that could be missing then.
/// </remarks>
public sealed unsafe class PathMtuSocket : IDisposable
{
    private readonly SafeFd _fd;

    private PathMtuSocket(SafeFd fd) => _fd = fd;

    /// <summary>
    /// Opens and binds: the route to an address may depend on where a packet comes from (ip-rule(8)).
    /// </summary>
    /// <param name="source">A local address; 0.0.0.0 for any.</param>
    /// <exception cref="LinuxException">The address is not local, or no descriptor is left.</exception>
    public static PathMtuSocket Open(Ipv4Address source)
    {
        const string What = "could not prepare to ask for path MTUs";
        SafeFd fd = SocketOptions.Create(LibC.AF_INET, LibC.SOCK_DGRAM, LibC.IPPROTO_UDP, What, null);
        try
        {
            SocketOptions.Bind(
                fd, SocketAddress.Create(source, 0), What, inUseAdvice: null,
                notLocalAdvice: "the address is not on this host; look at: ip address");
            return new PathMtuSocket(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>The path MTU that the kernel knows for an address (IP_MTU, ip(7)).</summary>
    /// <param name="address">Where packets would go.</param>
    /// <param name="port">Nothing is sent to it.</param>
    /// <returns>Bytes of the outer packet; 0 when there is no route.</returns>
    public int Find(Ipv4Address address, ushort port)
    {
        sockaddr_in destination = SocketAddress.Create(address, port);
        int mtu = 0;
        socklen_t length = sizeof(int);
        using SafeFd.Held held = _fd.Hold();

        // Each connect looks the route up anew. Safe because both lengths are those of the variables.
        return LibC.connect(held.Number, (sockaddr*)&destination, sizeof(sockaddr_in)) == 0
            && LibC.getsockopt(held.Number, LibC.IPPROTO_IP, LibC.IP_MTU, &mtu, &length) == 0
            ? mtu
            : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
