using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>What daemons ask each other in datagrams and packets that stock flannel drops in silence.</summary>
/// <remarks>
/// A datagram of at most 19 bytes holds no packet; <c>overlay ping</c> asks in one. The kernel path asks in an IPv4
/// packet of protocol 253 whose header checksum is wrong on purpose.
/// </remarks>
public static class OverlayProbe
{
    private const int DataBytes = 16, KindOffset = 4, PingBytes = 19, PortOffset = 6, ReleaseOffset = 16;

    /// <summary>What a datagram of at most 19 bytes says.</summary>
    /// <param name="data">Its data, as far as they were captured.</param>
    /// <param name="length">How many they were.</param>
    public static string Words(ReadOnlySpan<byte> data, int length)
    {
        if (data.Length != PingBytes || !data.StartsWith("OvPg"u8))
        {
            return $"overlay probe, length {length}";
        }

        return data[KindOffset] switch
        {
            1 => $"overlay ping, answer to port {BinaryPrimitives.ReadUInt16BigEndian(data[PortOffset..])}",
            2 => $"overlay ping answered, release {data[ReleaseOffset]}.{data[ReleaseOffset + 1]}."
                + $"{data[ReleaseOffset + 2]}",
            _ => $"overlay ping, kind {data[KindOffset]}",
        };
    }

    /// <summary>Whether a packet is a probe of the kernel path.</summary>
    public static bool Is(in PacketHeaders headers) => headers.Network == NetworkKind.Ipv4
        && headers.Protocol == IpProtocols.Experimental
        && headers.Message.Length == DataBytes
        && headers.Message.Span.StartsWith("OvKp"u8);

    /// <summary>What it says, of one that <see cref="Is"/> has accepted.</summary>
    public static string Words(in PacketHeaders headers) => headers.Message.Span[KindOffset] switch
    {
        1 => "overlay probe of the kernel path, request",
        2 => "overlay probe of the kernel path, answer",
        3 => "overlay probe of the kernel path, farewell",
        _ => "overlay probe of the kernel path",
    };
}
