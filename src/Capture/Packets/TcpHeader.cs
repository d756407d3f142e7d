using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>A TCP header (RFC 9293, section 3.1).</summary>
/// <param name="Bytes">The segment; at least the header, options included.</param>
public readonly record struct TcpHeader(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Its length without options.</summary>
    public const int MinimumBytes = 20;

    private const int DestinationPortOffset = 2, SequenceOffset = 4, AcknowledgmentOffset = 8, DataOffset = 12;
    private const int FlagsOffset = 13, WindowOffset = 14, UrgentOffset = 18;

    /// <summary>The checksum's place.</summary>
    internal const int ChecksumOffset = 16;

    /// <summary>The sender's port.</summary>
    public ushort SourcePort => Number(0);

    /// <summary>The receiver's port.</summary>
    public ushort DestinationPort => Number(DestinationPortOffset);

    /// <summary>The number of the first data byte, or of the SYN.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[SequenceOffset..]);

    /// <summary>The number that is expected next; means something with ACK only.</summary>
    public uint Acknowledgment => BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[AcknowledgmentOffset..]);

    /// <summary>20 to 60 bytes.</summary>
    public int HeaderBytes => (Bytes.Span[DataOffset] >> 4) * 4;

    /// <summary>CWR, ECE, URG, ACK, PSH, RST, SYN, FIN from the top.</summary>
    public byte Flags => Bytes.Span[FlagsOffset];

    /// <summary>As carried, not scaled.</summary>
    public ushort Window => Number(WindowOffset);

    /// <summary>The checksum as carried.</summary>
    public ushort Checksum => Number(ChecksumOffset);

    /// <summary>Where urgent data end; means something with URG only.</summary>
    public ushort Urgent => Number(UrgentOffset);

    /// <summary>The options, 0 to 40 bytes.</summary>
    public ReadOnlySpan<byte> Options => Bytes.Span[MinimumBytes..HeaderBytes];

    private ushort Number(int offset) => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[offset..]);
}
