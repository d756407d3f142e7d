using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>linux/virtio_net.h, as the TUN driver speaks it: host byte order.</summary>
internal static partial class Native
{
    internal const byte VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    internal const byte VIRTIO_NET_HDR_F_RSC_INFO = 4;

    internal const byte VIRTIO_NET_HDR_GSO_NONE = 0;
    internal const byte VIRTIO_NET_HDR_GSO_TCPV4 = 1;
    internal const byte VIRTIO_NET_HDR_GSO_TCPV6 = 4;
    internal const byte VIRTIO_NET_HDR_GSO_UDP_L4 = 5;
    internal const byte VIRTIO_NET_HDR_GSO_ECN = 0x80;
}

/// <summary>struct virtio_net_hdr, linux/virtio_net.h: 10 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct virtio_net_hdr
{
    internal byte flags;
    internal byte gso_type;
    internal ushort hdr_len;
    internal ushort gso_size;
    internal ushort csum_start;
    internal ushort csum_offset;
}
