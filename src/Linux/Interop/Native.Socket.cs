using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>sys/socket.h, netinet/in.h, linux/udp.h, linux/icmp.h, linux/errqueue.h, linux/sock_diag.h.</summary>
internal static unsafe partial class Native
{
    internal const int AF_INET = 2;
    internal const int AF_NETLINK = 16;
    internal const int AF_PACKET = 17;

    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_RAW = 3;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;

    internal const int IPPROTO_IP = 0;
    internal const int IPPROTO_ICMP = 1;
    internal const int IPPROTO_UDP = 17;

    internal const int SOL_SOCKET = 1;
    internal const int SOL_RAW = 255;
    internal const int SO_SNDBUF = 7;
    internal const int SO_RCVBUF = 8;
    internal const int SO_SNDBUFFORCE = 32;
    internal const int SO_REUSEPORT = 15;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_MEMINFO = 55;
    internal const int SK_MEMINFO_DROPS = 8;

    internal const int UDP_SEGMENT = 103;
    internal const int UDP_GRO = 104;

    internal const int IP_TOS = 1;
    internal const int IP_MTU_DISCOVER = 10;
    internal const int IP_PMTUDISC_WANT = 1;
    internal const int IP_PMTUDISC_DO = 2;
    internal const int IP_RECVERR = 11;
    internal const int IP_MTU = 14;
    internal const int ICMP_FILTER = 1;
    internal const byte SO_EE_ORIGIN_LOCAL = 1;

    internal const int MSG_CTRUNC = 0x08;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int MSG_ERRQUEUE = 0x2000;
    internal const int MSG_NOSIGNAL = 0x4000;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(SafeFd sockfd, void* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(SafeFd sockfd, void* addr, uint* addrlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(SafeFd sockfd, int level, int optname, void* optval, uint optlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(SafeFd sockfd, int level, int optname, void* optval, uint* optlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(SafeFd sockfd, void* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendmsg(int sockfd, msghdr* msg, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvmsg(int sockfd, msghdr* msg, int flags);

    // musl makes a loop of single calls of the next two: correct, and slower.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sendmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int recvmmsg(int sockfd, mmsghdr* msgvec, uint vlen, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendto(int sockfd, void* buf, nuint len, int flags, void* dest, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recvfrom(int sockfd, void* buf, nuint len, int flags, void* src, uint* addrlen);
}

/// <summary>struct sockaddr_in, netinet/in.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sockaddr_in
{
    internal ushort sin_family;
    internal ushort sin_port; // network byte order
    internal uint sin_addr;   // network byte order
    internal ulong sin_zero;
}

/// <summary>
/// struct msghdr, sys/socket.h: 56 bytes on 64-bit. glibc's controllen is a size_t, as in the kernel.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct msghdr
{
    internal sockaddr_in* msg_name;
    internal uint msg_namelen;
    internal iovec* msg_iov;
    internal nuint msg_iovlen;
    internal void* msg_control;
    internal nuint msg_controllen;
    internal int msg_flags;
}

/// <summary>struct mmsghdr, sys/socket.h: 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct mmsghdr
{
    internal msghdr msg_hdr;
    internal uint msg_len;
}

/// <summary>struct cmsghdr, sys/socket.h: 16 bytes, the data follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct cmsghdr
{
    internal nuint cmsg_len;
    internal int cmsg_level;
    internal int cmsg_type;
}

/// <summary>struct sock_extended_err, linux/errqueue.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sock_extended_err
{
    internal uint ee_errno;
    internal byte ee_origin;
    internal byte ee_type;
    internal byte ee_code;
    internal byte ee_pad;
    internal uint ee_info;
    internal uint ee_data;
}
