using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>A VXLAN header (RFC 7348, section 5).</summary>
/// <param name="Bytes">At least <see cref="Length"/>.</param>
public readonly record struct VxlanHeader(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Its length.</summary>
    public const int Length = 8;

    /// <summary>The port that Linux and flannel take.</summary>
    public const ushort LinuxPort = 8472;

    /// <summary>IANA's port.</summary>
    public const ushort IanaPort = 4789;

    private const ushort IdentifierBit = 0x0800;

    /// <summary>Flags and the reserved bits beside them as a word; 0x0800 says that the identifier is valid.</summary>
    public ushort Flags => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span);

    /// <summary>The group policy identifier; 0 without that extension.</summary>
    public ushort GroupPolicy => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[2..]);

    /// <summary>Whether <see cref="Vni"/> is valid, which the RFC demands.</summary>
    public bool HasVni => (Flags & IdentifierBit) != 0;

    /// <summary>The network identifier, 24 bits.</summary>
    public int Vni => (int)(BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[4..]) >> 8);

    /// <summary>The last byte.</summary>
    public byte Reserved => Bytes.Span[7];
}
