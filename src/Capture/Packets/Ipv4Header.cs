using System;
using System.Buffers.Binary;
using Overlay.Net;

namespace Overlay.Capture.Packets;

/// <summary>An IPv4 header as an observer reads it (RFC 791, section 3.1).</summary>
/// <param name="Bytes">The packet; at least the header, options included.</param>
public readonly record struct Ipv4Header(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Length of a header without options.</summary>
    public const int MinimumBytes = 20;

    // Offsets in bytes.
    private const int TypeOfServiceOffset = 1, TotalLengthOffset = 2, IdentificationOffset = 4, FlagsOffset = 6;
    private const int TimeToLiveOffset = 8, ProtocolOffset = 9, ChecksumOffset = 10, SourceOffset = 12;
    private const int DestinationOffset = 16;

    /// <summary>20 to 60 bytes.</summary>
    public int HeaderBytes => (Bytes.Span[0] & 0x0f) * 4;

    /// <summary>DSCP and ECN.</summary>
    public byte TypeOfService => Bytes.Span[TypeOfServiceOffset];

    /// <summary>Header and payload in bytes, as the header claims; 0 where a device was to cut the packet.</summary>
    public int TotalLength => Number(TotalLengthOffset);

    /// <summary>The identification field.</summary>
    public ushort Identification => Number(IdentificationOffset);

    /// <summary>Flags and fragment offset as one word; 0x4000 is "don't fragment".</summary>
    public ushort FlagsAndOffset => Number(FlagsOffset);

    /// <summary>The DF bit.</summary>
    public bool DontFragment => (FlagsAndOffset & 0x4000) != 0;

    /// <summary>The MF bit.</summary>
    public bool MoreFragments => (FlagsAndOffset & 0x2000) != 0;

    /// <summary>Where the payload belongs in the whole packet's, in bytes.</summary>
    public int FragmentOffset => (FlagsAndOffset & 0x1fff) * 8;

    /// <summary>Any piece of a fragmented packet, the first included.</summary>
    public bool IsFragment => (FlagsAndOffset & 0x3fff) != 0;

    /// <summary>Hops left.</summary>
    public byte TimeToLive => Bytes.Span[TimeToLiveOffset];

    /// <summary>The IP protocol number.</summary>
    public byte Protocol => Bytes.Span[ProtocolOffset];

    /// <summary>The checksum as carried.</summary>
    public ushort Checksum => Number(ChecksumOffset);

    /// <summary>Good or bad: a header is decoded only when it is whole.</summary>
    public ChecksumState ChecksumState =>
        OnesComplement.Sum(Bytes.Span[..HeaderBytes]) == 0xffff ? ChecksumState.Good : ChecksumState.Bad;

    /// <summary>The sender.</summary>
    public Ipv4Address Source => Ipv4Address.Read(Bytes.Span[SourceOffset..]);

    /// <summary>The receiver.</summary>
    public Ipv4Address Destination => Ipv4Address.Read(Bytes.Span[DestinationOffset..]);

    /// <summary>Source and destination as they stand there.</summary>
    internal ReadOnlySpan<byte> Addresses => Bytes.Span.Slice(SourceOffset, 2 * Ipv4Address.ByteCount);

    private ushort Number(int offset) => BinaryPrimitives.ReadUInt16BigEndian(Bytes.Span[offset..]);
}
