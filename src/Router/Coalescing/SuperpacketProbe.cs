using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Tun;

namespace Overlay.Router.Coalescing;

/// <summary>
/// Tries whether a device takes superpackets: some kernels of 2024 refuse valid ones (Linux commit 89add40066f9).
/// </summary>
public static class SuperpacketProbe
{
    private const int SegmentBytes = 8;
    private const int Segments = 2;
    private static readonly Ipv4Address s_nobody = new(0x00000001);

    /// <summary>
    /// Writes one superpacket of two segments that the kernel drops once it has taken it, because its source is in 0/8
    /// (net/ipv4/route.c, ip_route_input_slow).
    /// </summary>
    /// <param name="tun">A queue with a virtio-net header, of a device that is up.</param>
    /// <param name="type">TCP or UDP in IPv4.</param>
    /// <returns>The errno of the write; <see cref="Errno.None"/> when it was taken.</returns>
    public static Errno Write(ITunQueue tun, SegmentationType type)
    {
        bool isTcp = type == SegmentationType.TcpV4;
        int headerBytes = Ipv4Header.MinimumBytes + (isTcp ? IpProtocol.TcpHeaderBytes : IpProtocol.UdpHeaderBytes);
        int packetBytes = headerBytes + (Segments * SegmentBytes);
        using var slab = new PinnedSlab(VirtioNetHeader.Bytes + packetBytes);
        using var frame = new IoVectors(slab, 1);
        frame.Add(0, slab.LengthBytes);

        Span<byte> bytes = slab.Slice(0, slab.LengthBytes);
        bytes.Clear();
        int checksumOffset = isTcp ? IpProtocol.TcpChecksumOffset : IpProtocol.UdpChecksumOffset;
        new VirtioNetHeader(
            NeedsChecksum: true,
            HasReceiveInfo: false,
            type,
            HasEcn: false,
            (ushort)headerBytes,
            SegmentBytes,
            Ipv4Header.MinimumBytes,
            (ushort)checksumOffset).Write(bytes);

        Span<byte> packet = bytes[VirtioNetHeader.Bytes..];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packetBytes);
        packet[8] = 1; // time to live: it does not leave this host in any case
        packet[9] = isTcp ? IpProtocol.Tcp : IpProtocol.Udp;

        // Not 0.0.0.0: from and to that address it would be a broadcast to this host.
        s_nobody.Write(packet[12..]);
        s_nobody.Write(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[10..], InternetChecksum.Compute(packet[..Ipv4Header.MinimumBytes]));
        if (isTcp)
        {
            packet[Ipv4Header.MinimumBytes + 12] = IpProtocol.TcpHeaderBytes / 4 << 4;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(
                packet[(Ipv4Header.MinimumBytes + 4)..], (ushort)(packetBytes - Ipv4Header.MinimumBytes));
        }

        return tun.Write(frame).Errno;
    }
}
