using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>linux/if_tun.h, and struct ifreq of net/if.h.</summary>
internal static partial class Native
{
    internal const int IFNAMSIZ = 16;

    internal const ushort IFF_TUN = 0x0001;
    internal const ushort IFF_MULTI_QUEUE = 0x0100;
    internal const ushort IFF_NO_PI = 0x1000;
    internal const ushort IFF_VNET_HDR = 0x4000;
    internal const ushort IFF_TUN_EXCL = 0x8000;

    // _IOW('T', 202, int) by asm-generic/ioctl.h: x86-64 and arm64. (mips, powerpc and sparc encode direction
    // differently.)
    internal const int TUNSETIFF = 0x400454CA;
    internal const int TUNSETOFFLOAD = 0x400454D0; // the argument is the flags themselves
    internal const int TUNSETVNETHDRSZ = 0x400454D8;

    internal const uint TUNGETIFF = 0x800454D2; // _IOR

    internal const uint TUN_F_CSUM = 0x01;
    internal const uint TUN_F_TSO4 = 0x02;
    internal const uint TUN_F_TSO6 = 0x04;
    internal const uint TUN_F_TSO_ECN = 0x08;
    internal const uint TUN_F_USO4 = 0x20;
    internal const uint TUN_F_USO6 = 0x40;
}

/// <summary>char[IFNAMSIZ], NUL-terminated.</summary>
[InlineArray(Native.IFNAMSIZ)]
internal struct InterfaceNameBuffer
{
    private byte _first;
}

/// <summary>struct ifreq, net/if.h. The kernel copies all 40 bytes in and out, whichever member is used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct ifreq
{
    [FieldOffset(0)] internal InterfaceNameBuffer ifr_name;
    [FieldOffset(16)] internal ushort ifr_flags; // short in C; IFF_TUN_EXCL is its sign bit
    [FieldOffset(16)] internal nint ifr_data;    // void*
}
