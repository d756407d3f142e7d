using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>What a superpacket is to be cut into (virtio_net_hdr.gso_type, without the ECN mark).</summary>
public enum SegmentationType
{
    /// <summary>Nothing: one packet.</summary>
    None = Native.VIRTIO_NET_HDR_GSO_NONE,

    /// <summary>TCP segments in IPv4.</summary>
    TcpV4 = Native.VIRTIO_NET_HDR_GSO_TCPV4,

    /// <summary>TCP segments in IPv6.</summary>
    TcpV6 = Native.VIRTIO_NET_HDR_GSO_TCPV6,

    /// <summary>UDP datagrams, in IPv4 or IPv6.</summary>
    UdpL4 = Native.VIRTIO_NET_HDR_GSO_UDP_L4,
}

/// <summary>
/// What stands before each packet on a TUN opened with IFF_VNET_HDR: how far its transport checksum is, and how it is
/// to be cut (struct virtio_net_hdr, linux/virtio_net.h; the driver's side is include/linux/virtio_net.h).
/// </summary>
/// <param name="NeedsChecksum">The checksum field holds the pseudo-header's sum; who sends the packet on completes
/// it.</param>
/// <param name="HasReceiveInfo">The checksum fields mean something else: nothing a TUN may say.</param>
/// <param name="Type">What to cut it into.</param>
/// <param name="HasEcn">TCP with congestion window reduced: only the first segment carries the flag.</param>
/// <param name="HeaderBytes">On a write, bytes of all headers. On a read, what the kernel had in one piece: no
/// use.</param>
/// <param name="SegmentBytes">Payload of each segment but the last; 0 without segmentation.</param>
/// <param name="ChecksumStart">From where on the checksum covers, in bytes from the IP header's first.</param>
/// <param name="ChecksumOffset">Where it goes, from <paramref name="ChecksumStart"/>.</param>
public readonly record struct VirtioNetHeader(
    bool NeedsChecksum,
    bool HasReceiveInfo,
    SegmentationType Type,
    bool HasEcn,
    ushort HeaderBytes,
    ushort SegmentBytes,
    ushort ChecksumStart,
    ushort ChecksumOffset)
{
    /// <summary>Its length in front of a packet, in bytes.</summary>
    public const int Bytes = 10;

    /// <summary>Reads one.</summary>
    /// <param name="bytes">At least <see cref="Bytes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VirtioNetHeader Read(ReadOnlySpan<byte> bytes)
    {
        virtio_net_hdr header = MemoryMarshal.Read<virtio_net_hdr>(bytes);
        return new VirtioNetHeader(
            (header.flags & Native.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0,
            (header.flags & Native.VIRTIO_NET_HDR_F_RSC_INFO) != 0,
            (SegmentationType)(header.gso_type & ~Native.VIRTIO_NET_HDR_GSO_ECN),
            (header.gso_type & Native.VIRTIO_NET_HDR_GSO_ECN) != 0,
            header.hdr_len,
            header.gso_size,
            header.csum_start,
            header.csum_offset);
    }

    /// <summary>Writes it.</summary>
    /// <param name="bytes">At least <see cref="Bytes"/>.</param>
    public void Write(Span<byte> bytes)
    {
        var header = new virtio_net_hdr
        {
            flags = (byte)((NeedsChecksum ? Native.VIRTIO_NET_HDR_F_NEEDS_CSUM : 0)
                | (HasReceiveInfo ? Native.VIRTIO_NET_HDR_F_RSC_INFO : 0)),
            gso_type = (byte)((int)Type | (HasEcn ? Native.VIRTIO_NET_HDR_GSO_ECN : 0)),
            hdr_len = HeaderBytes,
            gso_size = SegmentBytes,
            csum_start = ChecksumStart,
            csum_offset = ChecksumOffset,
        };
        MemoryMarshal.Write(bytes, header);
    }
}
