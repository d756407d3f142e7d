using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Overlay.Net;
using Overlay.Router.Counters;

namespace Overlay.Router.Packets;

/// <summary>A view of one IPv4 packet whose header has been checked (RFC 791, section 3.1).</summary>
public readonly ref struct Ipv4Header
{
    /// <summary>The shortest header, in bytes.</summary>
    public const int MinimumBytes = 20;

    private const int TotalLengthOffset = 2;
    private const int FragmentOffset = 6;
    private const int TimeToLiveOffset = 8;
    private const int ProtocolOffset = 9;
    private const int ChecksumOffset = 10;
    private const int SourceOffset = 12;
    private const int DestinationOffset = 16;

    private readonly Span<byte> _packet;

    private Ipv4Header(Span<byte> packet, int headerBytes)
    {
        _packet = packet;
        HeaderBytes = headerBytes;
    }

    /// <summary>The packet by its total length, without what follows it in the buffer.</summary>
    public Span<byte> Packet => _packet;

    /// <summary>The header with its options: 20 to 60 bytes.</summary>
    public int HeaderBytes { get; }

    /// <summary>The time to live, 0 to 255.</summary>
    public byte TimeToLive => _packet[TimeToLiveOffset];

    /// <summary>The protocol number: 1 ICMP, 6 TCP, 17 UDP.</summary>
    public byte Protocol => _packet[ProtocolOffset];

    /// <summary>The source address.</summary>
    public Ipv4Address Source => Ipv4Address.Read(_packet[SourceOffset..]);

    /// <summary>
    /// True when the source can be a single host (RFC 1812, section 5.3.7): not in 0/8, 127/8 or 224/4, and not
    /// 255.255.255.255.
    /// </summary>
    public bool HasUnicastSource => Source.IsUnicast;

    /// <summary>The destination address.</summary>
    public Ipv4Address Destination => Ipv4Address.Read(_packet[DestinationOffset..]);

    /// <summary>True for every fragment but the first: it has no transport header.</summary>
    public bool IsLaterFragment => (BinaryPrimitives.ReadUInt16BigEndian(_packet[FragmentOffset..]) & 0x1FFF) != 0;

    /// <summary>True when routers may not fragment it (DF).</summary>
    public bool MayNotBeFragmented => (_packet[FragmentOffset] & 0x40) != 0;

    /// <summary>True when the header checksum is right.</summary>
    public bool HasValidChecksum => InternetChecksum.IsValid(_packet[..HeaderBytes]);

    /// <summary>
    /// Checks that the bytes are one IPv4 packet, whole. After <see cref="DropReason.None"/> no accessor can fail.
    /// </summary>
    /// <param name="bytes">From the version byte on; may be longer than the packet.</param>
    /// <param name="header">The view, or the default when the answer is not <see cref="DropReason.None"/>.</param>
    /// <returns>
    /// The first that is wrong: too short, not version 4, or a header or total length that contradicts the bytes.
    /// </returns>
    public static DropReason Parse(Span<byte> bytes, out Ipv4Header header)
    {
        header = default;
        if (bytes.Length < MinimumBytes)
        {
            return DropReason.ShortPacket;
        }

        if (bytes[0] >> 4 != 4)
        {
            return DropReason.NotIpv4;
        }

        int headerBytes = (bytes[0] & 0x0F) * 4;
        int totalBytes = BinaryPrimitives.ReadUInt16BigEndian(bytes[TotalLengthOffset..]);
        if (headerBytes < MinimumBytes || headerBytes > totalBytes || totalBytes > bytes.Length)
        {
            return DropReason.BadHeader;
        }

        header = new Ipv4Header(bytes[..totalBytes], headerBytes);
        return DropReason.None;
    }

    /// <summary>Reduces the time to live by one and corrects the checksum. Nothing else changes.</summary>
    /// <remarks>
    /// The caller has dropped packets with 0 and 1: a packet whose time to live would reach zero is not forwarded
    /// (RFC 1812, section 5.3.1).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StepTimeToLive()
    {
        _packet[TimeToLiveOffset]--;
        Span<byte> checksum = _packet[ChecksumOffset..];
        BinaryPrimitives.WriteUInt16BigEndian(checksum,
            InternetChecksum.AfterTimeToLiveStep(BinaryPrimitives.ReadUInt16BigEndian(checksum)));
    }
}
