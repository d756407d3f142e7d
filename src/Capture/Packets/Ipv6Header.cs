using System;
using System.Buffers.Binary;
using Overlay.Net;

namespace Overlay.Capture.Packets;

/// <summary>An IPv6 header (RFC 8200, section 3).</summary>
/// <param name="Bytes">The packet; at least <see cref="Length"/> bytes.</param>
public readonly record struct Ipv6Header(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Its length, without extension headers.</summary>
    public const int Length = 40;

    private const int PayloadLengthOffset = 4, NextHeaderOffset = 6, HopLimitOffset = 7, SourceOffset = 8;
    private const int DestinationOffset = 24, AddressBytes = 16;

    /// <summary>DSCP and ECN.</summary>
    public byte TrafficClass => (byte)(BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span) >> 4);

    /// <summary>20 bits.</summary>
    public uint FlowLabel => BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span) & 0x000f_ffff;

    /// <summary>
    /// What follows this header, in bytes; 0 of a jumbogram, or where a device was to cut the packet.
    /// </summary>
    public int PayloadLength => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[PayloadLengthOffset..]);

    /// <summary>The number of the header that follows.</summary>
    public byte NextHeader => Bytes.Span[NextHeaderOffset];

    /// <summary>Hops left.</summary>
    public byte HopLimit => Bytes.Span[HopLimitOffset];

    /// <summary>The sender.</summary>
    public Ipv6Address Source => Address(SourceOffset);

    /// <summary>The receiver.</summary>
    public Ipv6Address Destination => Address(DestinationOffset);

    /// <summary>Source and destination as they stand there.</summary>
    internal ReadOnlySpan<byte> Addresses => Bytes.Span.Slice(SourceOffset, 2 * AddressBytes);

    private Ipv6Address Address(int offset) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(Bytes.Span[offset..]));
}
