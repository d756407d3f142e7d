using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>linux/if_packet.h and linux/if_ether.h: packet(7).</summary>
internal static unsafe partial class Native
{
    internal const int ETH_P_ALL = 0x0003;

    internal const byte PACKET_OUTGOING = 4;
}

/// <summary>struct sockaddr_ll, linux/if_packet.h: 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct sockaddr_ll
{
    internal ushort sll_family;
    internal ushort sll_protocol; // network byte order
    internal int sll_ifindex;
    internal ushort sll_hatype;
    internal byte sll_pkttype;
    internal byte sll_halen;
    internal ulong sll_addr; // eight bytes in C: not aligned to 8
}
