using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// struct sockaddr_in, netinet/in.h: network byte order inside, host order outside. x86-64 and arm64 are little-endian.
/// </summary>
internal static class SocketAddress
{
    /// <summary>An endpoint for a socket call.</summary>
    /// <param name="address">Host order.</param>
    /// <param name="port">Host order.</param>
    internal static sockaddr_in Create(uint address, ushort port) => new()
    {
        sin_family = LibC.AF_INET,
        sin_port = BinaryPrimitives.ReverseEndianness(port),
        sin_addr = Unsafe.BitCast<uint, in_addr>(BinaryPrimitives.ReverseEndianness(address)),
    };

    /// <summary>The address, host order.</summary>
    internal static uint AddressOf(in sockaddr_in endpoint) =>
        BinaryPrimitives.ReverseEndianness(Unsafe.BitCast<in_addr, uint>(endpoint.sin_addr));

    /// <summary>The port, host order.</summary>
    internal static ushort PortOf(in sockaddr_in endpoint) => BinaryPrimitives.ReverseEndianness(endpoint.sin_port);
}
