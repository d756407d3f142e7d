using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// struct sockaddr_in, netinet/in.h, of which address and port are in network byte order. x86-64 and arm64 are
/// little-endian.
/// </summary>
internal static class SocketAddress
{
    /// <summary>An endpoint for a socket call.</summary>
    /// <param name="address">Any.</param>
    /// <param name="port">Any.</param>
    internal static sockaddr_in Create(Ipv4Address address, ushort port) => new()
    {
        sin_family = LibC.AF_INET,
        sin_port = BinaryPrimitives.ReverseEndianness(port),
        sin_addr = Unsafe.BitCast<uint, in_addr>(BinaryPrimitives.ReverseEndianness(address.Value)),
    };

    /// <summary>Its address.</summary>
    internal static Ipv4Address AddressOf(in sockaddr_in endpoint) =>
        new(BinaryPrimitives.ReverseEndianness(Unsafe.BitCast<in_addr, uint>(endpoint.sin_addr)));

    /// <summary>Its port.</summary>
    internal static ushort PortOf(in sockaddr_in endpoint) => BinaryPrimitives.ReverseEndianness(endpoint.sin_port);
}
