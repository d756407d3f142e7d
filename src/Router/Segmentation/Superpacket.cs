using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;

namespace Overlay.Router.Segmentation;

/// <summary>
/// A view of a TCP or UDP packet that the kernel left to us to cut into packets of the wire (VIRTIO_NET_HDR_GSO_TCPV4
/// and _UDP_L4): which payload goes into which segment, and the headers before it.
/// </summary>
/// <remarks>
/// The segments are those the kernel would have made (net/ipv4/tcp_offload.c, tcp_gso_segment; udp_offload.c,
/// __udp_gso_segment). What all headers have in common is summed once; a segment adds its own few words and its
/// payload. Every transport header is a multiple of 2 bytes long, so each payload starts at an even offset of its own
/// segment, however odd its offset in the superpacket.
/// </remarks>
internal readonly ref struct Superpacket
{
    // The word of data offset and flags in the TCP header (RFC 9293, section 3.1; CWR: RFC 3168, section 6.1.2).
    private const ushort FinAndPush = 0x0009;
    private const ushort CongestionWindowReduced = 0x0080;

    private readonly ReadOnlySpan<byte> _packet;
    private readonly int _ipBytes;
    private readonly bool _isTcp;
    private readonly ushort _flags;    // TCP: the word of data offset and flags
    private readonly ushort _firstId;
    private readonly uint _sequence;   // TCP: of the first segment
    private readonly ulong _ipSum;        // all words but total length, id and checksum
    private readonly ulong _transportSum; // pseudo-header without length, and all words but those WriteHeader sets

    private Superpacket(ReadOnlySpan<byte> packet, int ipBytes, int headerBytes, int segmentBytes)
    {
        _packet = packet;
        _ipBytes = ipBytes;
        _isTcp = packet[9] == IpProtocol.Tcp;
        HeaderBytes = headerBytes;
        SegmentBytes = segmentBytes;
        Count = (packet.Length - headerBytes + segmentBytes - 1) / segmentBytes;

        _firstId = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        _ipSum = InternetChecksum.Add(
            packet[12..ipBytes], InternetChecksum.Add(packet[6..10], InternetChecksum.Add(packet[..2], 0)));

        ReadOnlySpan<byte> transport = packet[ipBytes..headerBytes];
        ulong sum = InternetChecksum.PseudoHeader(packet, packet[9], 0);
        if (_isTcp)
        {
            _sequence = BinaryPrimitives.ReadUInt32BigEndian(transport[4..]);
            _flags = BinaryPrimitives.ReadUInt16BigEndian(transport[12..]);
            sum = InternetChecksum.Add(transport[..4], sum);
            sum = InternetChecksum.Add(transport[8..12], sum);
            sum = InternetChecksum.Add(transport[14..16], sum);
            _transportSum = InternetChecksum.Add(transport[18..], sum);
        }
        else
        {
            _transportSum = InternetChecksum.Add(transport[..4], sum);
        }
    }

    /// <summary>Segments; at least 1, and 1 only when the payload fits one.</summary>
    public int Count { get; }

    /// <summary>
    /// The IPv4 and the transport header with their options, which every segment has: 28 to 120 bytes.
    /// </summary>
    public int HeaderBytes { get; }

    /// <summary>Payload of each segment but the last, which may be shorter: 1 to 65,535 bytes.</summary>
    public int SegmentBytes { get; }

    /// <summary>The longest packet that comes out, in bytes.</summary>
    public int LongestPacketBytes => HeaderBytes + PayloadBytes(0);

    /// <summary>
    /// Checks that the virtio-net header and the packet agree, and sums what the segments have in common.
    /// </summary>
    /// <param name="header">What the kernel said about the packet.</param>
    /// <param name="packet">
    /// The packet with its time to live already stepped: every segment gets what it says now. Its checksums are not
    /// looked at.
    /// </param>
    /// <param name="frameBytes">Bytes read after the virtio-net header.</param>
    /// <param name="superpacket">The view, or the default when the answer is not <see cref="DropReason.None"/>.</param>
    /// <returns><see cref="DropReason.None"/> or <see cref="DropReason.BadSuperpacket"/>.</returns>
    public static DropReason Parse(
        scoped in VirtioNetHeader header, scoped in Ipv4Header packet, int frameBytes, out Superpacket superpacket)
    {
        superpacket = default;
        ReadOnlySpan<byte> bytes = packet.Packet;
        int ipBytes = packet.HeaderBytes;
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) & 0x3FFF) != 0;
        if (bytes.Length != frameBytes || isFragment || header.HasReceiveInfo || !header.NeedsChecksum
            || header.ChecksumStart != ipBytes || header.SegmentBytes == 0)
        {
            return DropReason.BadSuperpacket;
        }

        int transportBytes = TransportHeaderBytes(header, packet.Protocol, bytes[ipBytes..]);
        if (transportBytes == 0 || ipBytes + transportBytes >= bytes.Length)
        {
            return DropReason.BadSuperpacket;
        }

        superpacket = new Superpacket(bytes, ipBytes, ipBytes + transportBytes, header.SegmentBytes);
        return DropReason.None;
    }

    /// <summary>Where a segment's payload starts, in bytes from the superpacket's first.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int PayloadOffset(int index) => HeaderBytes + (index * SegmentBytes);

    /// <summary>A segment's payload, in bytes.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int PayloadBytes(int index) => Math.Min(SegmentBytes, _packet.Length - PayloadOffset(index));

    /// <summary>Writes a segment's IPv4 and transport header, with its checksums.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="header">At least <see cref="HeaderBytes"/>; not part of the superpacket, whose header is still to
    /// be read.</param>
    public void WriteHeader(int index, Span<byte> header)
    {
        int offset = PayloadOffset(index);
        ReadOnlySpan<byte> payload = _packet.Slice(offset, Math.Min(SegmentBytes, _packet.Length - offset));
        _packet[..HeaderBytes].CopyTo(header);

        Span<byte> ip = header[..Ipv4Header.MinimumBytes];
        ushort totalBytes = (ushort)(HeaderBytes + payload.Length);
        ushort id = (ushort)(_firstId + index);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], totalBytes);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], id);
        MemoryMarshal.Write(ip[10..],
            (ushort)~InternetChecksum.Fold(_ipSum + InternetChecksum.Term(totalBytes) + InternetChecksum.Term(id)));

        ushort transportBytes = (ushort)(totalBytes - _ipBytes);
        ulong sum = InternetChecksum.Add(payload, _transportSum + InternetChecksum.Term(transportBytes));
        if (_isTcp)
        {
            FinishTcp(header.Slice(_ipBytes, IpProtocol.TcpHeaderBytes), index, sum);
        }
        else
        {
            FinishUdp(header.Slice(_ipBytes, IpProtocol.UdpHeaderBytes), transportBytes, sum);
        }
    }

    // The length of the transport header, or 0 when the packet is not what it is to be cut into.
    private static int TransportHeaderBytes(in VirtioNetHeader header, byte protocol, ReadOnlySpan<byte> transport)
    {
        if (header.Type == SegmentationType.UdpL4)
        {
            bool isUdp = protocol == IpProtocol.Udp
                && header.ChecksumOffset == IpProtocol.UdpChecksumOffset
                && !header.HasEcn;
            return isUdp ? IpProtocol.UdpHeaderBytes : 0;
        }

        if (header.Type != SegmentationType.TcpV4
            || protocol != IpProtocol.Tcp
            || header.ChecksumOffset != IpProtocol.TcpChecksumOffset
            || transport.Length < IpProtocol.TcpHeaderBytes)
        {
            return 0;
        }

        int bytes = (transport[12] >> 4) * 4;
        return bytes < IpProtocol.TcpHeaderBytes ? 0 : bytes;
    }

    private void FinishTcp(Span<byte> tcp, int index, ulong sum)
    {
        uint sequence = _sequence + (uint)(index * SegmentBytes);
        ushort flags = _flags;
        if (index != Count - 1)
        {
            flags &= unchecked((ushort)~FinAndPush);
        }

        if (index != 0)
        {
            flags &= unchecked((ushort)~CongestionWindowReduced);
        }

        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[12..], flags);
        sum += InternetChecksum.Term((ushort)(sequence >> 16)) + (uint)InternetChecksum.Term((ushort)sequence)
            + InternetChecksum.Term(flags);
        MemoryMarshal.Write(tcp[IpProtocol.TcpChecksumOffset..], (ushort)~InternetChecksum.Fold(sum));
    }

    private static void FinishUdp(Span<byte> udp, ushort bytes, ulong sum)
    {
        // The length counts twice: in the pseudo-header, where the caller had it, and here.
        ushort checksum = (ushort)~InternetChecksum.Fold(sum + InternetChecksum.Term(bytes));
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], bytes);
        // RFC 768: zero means none
        MemoryMarshal.Write(udp[IpProtocol.UdpChecksumOffset..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }
}
