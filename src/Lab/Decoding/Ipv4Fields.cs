using System;
using System.Buffers.Binary;
using System.Net;

namespace Overlay.Lab.Decoding;

/// <summary>An IPv4 header as an observer reads it (RFC 791, section 3.1).</summary>
public sealed record Ipv4Fields
{
    /// <summary>Length of a header without options (RFC 791, section 3.1).</summary>
    public const int MinimumHeaderBytes = 20;

    /// <summary>Protocol number of ICMP.</summary>
    public const byte Icmp = 1;

    /// <summary>Protocol number of UDP.</summary>
    public const byte Udp = 17;

    // Offsets in bytes.
    private const int TypeOfServiceOffset = 1, TotalLengthOffset = 2, IdentificationOffset = 4, FlagsOffset = 6;
    private const int TimeToLiveOffset = 8, ProtocolOffset = 9, ChecksumOffset = 10;
    private const int SourceOffset = 12, DestinationOffset = 16, AddressBytes = 4;

    /// <summary>20 to 60 bytes.</summary>
    public required int HeaderBytes { get; init; }

    /// <summary>DSCP and ECN, one byte.</summary>
    public required byte TypeOfService { get; init; }

    /// <summary>Header and payload in bytes, as the header claims and the frame confirms.</summary>
    public required int TotalLength { get; init; }

    /// <summary>The identification field.</summary>
    public required ushort Identification { get; init; }

    /// <summary>Flags and fragment offset as one 16-bit word; 0x4000 is "don't fragment".</summary>
    public required ushort FlagsAndOffset { get; init; }

    /// <summary>Hops left.</summary>
    public required byte TimeToLive { get; init; }

    /// <summary>The IP protocol number.</summary>
    public required byte Protocol { get; init; }

    /// <summary>The checksum as carried.</summary>
    public required ushort Checksum { get; init; }

    /// <summary>Whether <see cref="Checksum"/> fits the header.</summary>
    public required bool ChecksumIsCorrect { get; init; }

    /// <summary>The sender.</summary>
    public required IPAddress Source { get; init; }

    /// <summary>The receiver.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>The DF bit.</summary>
    public bool DontFragment => (FlagsAndOffset & 0x4000) != 0;

    /// <summary>True for any piece of a fragmented packet, the first included.</summary>
    public bool IsFragment => (FlagsAndOffset & 0x3fff) != 0;

    /// <summary>
    /// The two addresses as they stand in a header that <see cref="TryParse"/> has accepted: 8 bytes.
    /// </summary>
    public static ReadOnlySpan<byte> Addresses(ReadOnlySpan<byte> packet) =>
        packet.Slice(SourceOffset, 2 * AddressBytes);

    /// <summary>
    /// False when <paramref name="packet"/> is shorter than 20 bytes, not version 4, shorter than its header claims, or
    /// claims more bytes than it has.
    /// </summary>
    /// <param name="packet">From the first byte of the header. Bytes past the total length (Ethernet padding) are
    /// ignored.</param>
    /// <param name="fields">The header; null after false.</param>
    /// <param name="payload">What the header carries, cut to the total length.</param>
    public static bool TryParse(ReadOnlySpan<byte> packet, out Ipv4Fields? fields, out ReadOnlySpan<byte> payload)
    {
        fields = null;
        payload = default;
        if (packet.Length < MinimumHeaderBytes || packet[0] >> 4 != 4)
        {
            return false;
        }

        int headerBytes = (packet[0] & 0x0f) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[TotalLengthOffset..]);
        if (headerBytes < MinimumHeaderBytes || totalLength < headerBytes || totalLength > packet.Length)
        {
            return false;
        }

        fields = new Ipv4Fields
        {
            HeaderBytes = headerBytes,
            TypeOfService = packet[TypeOfServiceOffset],
            TotalLength = totalLength,
            Identification = BinaryPrimitives.ReadUInt16BigEndian(packet[IdentificationOffset..]),
            FlagsAndOffset = BinaryPrimitives.ReadUInt16BigEndian(packet[FlagsOffset..]),
            TimeToLive = packet[TimeToLiveOffset],
            Protocol = packet[ProtocolOffset],
            Checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[ChecksumOffset..]),
            ChecksumIsCorrect = OnesComplement.Sum(packet[..headerBytes]) == 0xffff,
            Source = new IPAddress(packet.Slice(SourceOffset, AddressBytes)),
            Destination = new IPAddress(packet.Slice(DestinationOffset, AddressBytes)),
        };
        payload = packet[headerBytes..totalLength];
        return true;
    }
}
