using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>linux/xfrm.h.</summary>
internal static partial class Native
{
    internal const int NETLINK_XFRM = 6;

    internal const ushort XFRM_MSG_NEWPOLICY = 0x13;
    internal const ushort XFRM_MSG_GETPOLICY = 0x15;

    internal const byte XFRM_POLICY_IN = 0;
    internal const byte XFRM_POLICY_OUT = 1;
}

/// <summary>struct xfrm_userpolicy_id, linux/xfrm.h: 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct xfrm_userpolicy_id
{
    [FieldOffset(60)] internal byte dir;
}

/// <summary>struct xfrm_userpolicy_info, linux/xfrm.h: 168 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 168)]
internal struct xfrm_userpolicy_info
{
    [FieldOffset(160)] internal byte dir;
}
