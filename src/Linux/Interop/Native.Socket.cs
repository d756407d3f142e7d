using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Overlay.Linux.Interop;

/// <summary>sys/socket.h, linux/udp.h, linux/icmp.h, linux/sock_diag.h, linux/if_ether.h.</summary>
internal static unsafe partial class Native
{
    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;

    internal const int ICMP_FILTER = 1;

    internal const int SK_MEMINFO_DROPS = 8;

    internal const ushort ETH_P_ALL = 0x0003;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sendmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int recvmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags, timespec* timeout);
}
