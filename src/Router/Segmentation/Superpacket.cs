using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;

namespace Overlay.Router.Segmentation;

/// <summary>
/// A view of a TCP or UDP packet that the kernel left to its reader to cut into packets of the wire
/// (VIRTIO_NET_HDR_GSO_TCPV4 and _UDP_L4): how many segments it becomes and where the payload of each lies.
/// </summary>
/// <remarks>
/// The segments are those that the kernel would have made (net/ipv4/tcp_offload.c, tcp_gso_segment; udp_offload.c,
/// __udp_gso_segment). <see cref="SegmentHeaders"/> writes their headers.
/// </remarks>
internal readonly ref struct Superpacket
{
    private Superpacket(ReadOnlySpan<byte> packet, int ipHeaderBytes, int headerBytes, int segmentBytes)
    {
        Packet = packet;
        IpHeaderBytes = ipHeaderBytes;
        HeaderBytes = headerBytes;
        SegmentBytes = segmentBytes;
        Count = (packet.Length - headerBytes + segmentBytes - 1) / segmentBytes;
    }

    /// <summary>The whole superpacket by its total length.</summary>
    public ReadOnlySpan<byte> Packet { get; }

    /// <summary>The IPv4 header with its options: 20 to 60 bytes.</summary>
    public int IpHeaderBytes { get; }

    /// <summary>
    /// The IPv4 and the transport header with their options, which every segment has: 28 to 120 bytes.
    /// </summary>
    public int HeaderBytes { get; }

    /// <summary>Payload of each segment but the last, which may be shorter: 1 to 65,535 bytes.</summary>
    public int SegmentBytes { get; }

    /// <summary>Segments; at least 1, and 1 only when the payload fits one.</summary>
    public int Count { get; }

    /// <summary>The longest packet that comes out, in bytes.</summary>
    public int LongestPacketBytes => HeaderBytes + PayloadBytes(0);

    /// <summary>Checks that the virtio-net header and the packet agree. The packet's checksums do not matter.</summary>
    /// <param name="header">What the kernel said about the packet.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="frameBytes">Bytes read after the virtio-net header.</param>
    /// <param name="superpacket">The view, or the default when the answer is not <see cref="DropReason.None"/>.</param>
    /// <returns><see cref="DropReason.None"/> or <see cref="DropReason.BadSuperpacket"/>.</returns>
    public static DropReason Parse(
        scoped in VirtioNetHeader header, scoped in Ipv4Header packet, int frameBytes, out Superpacket superpacket)
    {
        superpacket = default;
        ReadOnlySpan<byte> bytes = packet.Packet;
        int ipHeaderBytes = packet.HeaderBytes;
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) & 0x3FFF) != 0;
        if (bytes.Length != frameBytes || isFragment || header.HasReceiveInfo || !header.NeedsChecksum
            || header.ChecksumStart != ipHeaderBytes || header.SegmentBytes == 0)
        {
            return DropReason.BadSuperpacket;
        }

        int transportBytes = TransportHeaderBytes(header, packet.Protocol, bytes[ipHeaderBytes..]);
        if (transportBytes == 0 || ipHeaderBytes + transportBytes >= bytes.Length)
        {
            return DropReason.BadSuperpacket;
        }

        superpacket = new Superpacket(bytes, ipHeaderBytes, ipHeaderBytes + transportBytes, header.SegmentBytes);
        return DropReason.None;
    }

    /// <summary>Where a segment's payload starts, in bytes from the superpacket's first.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int PayloadOffset(int index) => HeaderBytes + (index * SegmentBytes);

    /// <summary>The length of a segment's payload, in bytes.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int PayloadBytes(int index) => Math.Min(SegmentBytes, Packet.Length - PayloadOffset(index));

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
}
