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
