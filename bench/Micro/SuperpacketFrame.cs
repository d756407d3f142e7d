using System;
using System.Buffers.Binary;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Segmentation;

namespace Overlay.Micro;

/// <summary>A superpacket as a TUN gives it, with random payload.</summary>
/// <param name="Bytes">The packet, from its IPv4 header on.</param>
/// <param name="Header">What the kernel says about it.</param>
internal sealed record SuperpacketFrame(byte[] Bytes, VirtioNetHeader Header)
{
    /// <summary>Builds one that becomes this many full segments.</summary>
    internal static SuperpacketFrame Build(Transport transport, int segments, int segmentBytes)
    {
        bool isTcp = transport == Transport.Tcp;
        byte[] packet = new byte[(isTcp ? 52 : 28) + (segments * segmentBytes)];
        new Random(1).NextBytes(packet);
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[6] = packet[7] = 0;
        packet[8] = 64;
        packet[9] = isTcp ? IpProtocol.Tcp : IpProtocol.Udp;
        if (isTcp)
        {
            packet[32] = 8 << 4; // a header of 32 bytes
        }

        return new SuperpacketFrame(packet, new VirtioNetHeader(
            NeedsChecksum: true, HasReceiveInfo: false, isTcp
                ? SegmentationType.TcpV4
                : SegmentationType.UdpL4, HasEcn: false,
            HeaderBytes: 0, (ushort)segmentBytes, ChecksumStart: 20,
            (ushort)(isTcp ? IpProtocol.TcpChecksumOffset : IpProtocol.UdpChecksumOffset)));
    }

    /// <summary>The superpacket, checked as the outbound direction checks it.</summary>
    /// <param name="bytes">Where it lies now.</param>
    internal Superpacket Parse(Span<byte> bytes)
    {
        WrongResult.Unless(Ipv4Header.Parse(bytes, out Ipv4Header packet) == DropReason.None, "no IPv4 packet");
        WrongResult.Unless(Superpacket.Parse(
            Header, packet, bytes.Length, out Superpacket superpacket) == DropReason.None, "no superpacket");
        return superpacket;
    }

    /// <summary>Whether both checksums of a segment are right.</summary>
    internal static bool HasRightChecksums(Span<byte> segment)
    {
        if (Ipv4Header.Parse(segment, out Ipv4Header packet) != DropReason.None
            || !packet.HasValidChecksum
            || packet.Packet.Length != segment.Length)
        {
            return false;
        }

        Span<byte> transport = segment[packet.HeaderBytes..];
        ulong sum = InternetChecksum.Add(
            transport, InternetChecksum.PseudoHeader(segment, packet.Protocol, transport.Length));
        return InternetChecksum.Fold(sum) == 0xFFFF;
    }
}
