using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>A UDP header (RFC 768).</summary>
/// <param name="Bytes">The datagram; at least <see cref="HeaderBytes"/>.</param>
public readonly record struct UdpHeader(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Its length.</summary>
    public const int HeaderBytes = 8;

    private const int DestinationPortOffset = 2, LengthOffset = 4;

    /// <summary>The checksum's place.</summary>
    internal const int ChecksumOffset = 6;

    /// <summary>The sender's port.</summary>
    public ushort SourcePort => Number(0);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => Number(DestinationPortOffset);

    /// <summary>Header and data in bytes, as the header claims; 0 where a device was to cut the datagram.</summary>
    public int Length => Number(LengthOffset);

    /// <summary>The checksum as carried.</summary>
    public ushort Checksum => Number(ChecksumOffset);

    private ushort Number(int offset) => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[offset..]);
}
