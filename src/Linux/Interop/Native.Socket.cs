using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Overlay.Linux.Interop;

/// <summary>sys/socket.h, linux/udp.h, linux/icmp.h, linux/sock_diag.h, linux/if_ether.h, linux/ethtool.h,
/// linux/sockios.h.</summary>
internal static unsafe partial class Native
{
    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;

    internal const int ICMP_FILTER = 1;

    internal const int SK_MEMINFO_RMEM_ALLOC = 0;
    internal const int SK_MEMINFO_RCVBUF = 1;
    internal const int SK_MEMINFO_WMEM_ALLOC = 2;
    internal const int SK_MEMINFO_SNDBUF = 3;
    internal const int SK_MEMINFO_DROPS = 8;

    internal const ushort ETH_P_ALL = 0x0003;

    // linux/bpf_common.h, linux/filter.h: how classic BPF is written.
    internal const ushort BPF_LD = 0x00;
    internal const ushort BPF_LDX = 0x01;
    internal const ushort BPF_ALU = 0x04;
    internal const ushort BPF_JMP = 0x05;
    internal const ushort BPF_RET = 0x06;
    internal const ushort BPF_W = 0x00;
    internal const ushort BPF_H = 0x08;
    internal const ushort BPF_B = 0x10;
    internal const ushort BPF_ABS = 0x20;
    internal const ushort BPF_IND = 0x40;
    internal const ushort BPF_MSH = 0xA0;
    internal const ushort BPF_AND = 0x50;
    internal const ushort BPF_JEQ = 0x10;
    internal const ushort BPF_JSET = 0x40;
    internal const ushort BPF_K = 0x00;

    internal const int SIOCGSTAMPNS = 0x8907;
    internal const int SIOCETHTOOL = 0x8946;
    internal const uint ETHTOOL_STSO = 0x1F;
    internal const uint ETHTOOL_SGRO = 0x2C;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sendmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int recvmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags, timespec* timeout);
}

/// <summary>struct ethtool_value, linux/ethtool.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ethtool_value
{
    internal uint cmd;
    internal uint data;
}

/// <summary>struct sock_filter, linux/filter.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sock_filter
{
    internal ushort code;
    internal byte jt;
    internal byte jf;
    internal uint k;
}

/// <summary>struct sock_fprog, linux/filter.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct sock_fprog
{
    internal ushort len;
    internal sock_filter* filter;
}

/// <summary>struct tpacket_stats, linux/if_packet.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct tpacket_stats
{
    internal uint tp_packets;
    internal uint tp_drops;
}
