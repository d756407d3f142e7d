using System.Runtime.InteropServices;

namespace Overlay.Linux.Interop;

/// <summary>
/// linux/netlink.h, linux/rtnetlink.h, linux/fib_rules.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h,
/// linux/net_namespace.h, interface flags of linux/if.h: netlink(7), rtnetlink(7).
/// </summary>
internal static partial class Native
{
    internal const int NETLINK_ROUTE = 0;
    internal const int NETLINK_CAP_ACK = 10;
    internal const int NETLINK_EXT_ACK = 11;

    internal const ushort NLM_F_REQUEST = 0x01;
    internal const ushort NLM_F_ACK = 0x04;
    internal const ushort NLM_F_DUMP_INTR = 0x10;
    internal const ushort NLM_F_DUMP = 0x300;
    internal const ushort NLM_F_REPLACE = 0x100;
    internal const ushort NLM_F_EXCL = 0x200;
    internal const ushort NLM_F_CREATE = 0x400;
    internal const ushort NLM_F_CAPPED = 0x100;
    internal const ushort NLM_F_ACK_TLVS = 0x200;

    internal const ushort NLMSG_ERROR = 2;
    internal const ushort NLMSG_DONE = 3;
    internal const int NLMSG_ALIGNTO = 4;
    internal const ushort NLMSGERR_ATTR_MSG = 1;
    internal const int NLA_TYPE_MASK = ~0xC000;

    internal const ushort RTM_NEWLINK = 16;
    internal const ushort RTM_DELLINK = 17;
    internal const ushort RTM_GETLINK = 18;
    internal const ushort RTM_NEWADDR = 20;
    internal const ushort RTM_DELADDR = 21;
    internal const ushort RTM_GETADDR = 22;
    internal const ushort RTM_NEWROUTE = 24;
    internal const ushort RTM_DELROUTE = 25;
    internal const ushort RTM_GETROUTE = 26;
    internal const ushort RTM_NEWNEIGH = 28;
    internal const ushort RTM_DELNEIGH = 29;
    internal const ushort RTM_GETNEIGH = 30;
    internal const ushort RTM_NEWRULE = 32;
    internal const ushort RTM_GETRULE = 34;
    internal const ushort RTM_NEWNSID = 88;
    internal const ushort RTM_GETNSID = 90;
    internal const ushort NETNSA_NSID = 1;
    internal const ushort NETNSA_FD = 3;

    internal const int RTMGRP_LINK = 1;
    internal const int RTMGRP_NEIGH = 4;
    internal const int RTMGRP_IPV4_IFADDR = 0x10;
    internal const int RTMGRP_IPV4_ROUTE = 0x40;

    internal const ushort IFLA_ADDRESS = 1;
    internal const ushort IFLA_IFNAME = 3;
    internal const ushort IFLA_MTU = 4;
    internal const ushort IFLA_LINK = 5;
    internal const ushort IFLA_MASTER = 10;
    internal const ushort IFLA_TXQLEN = 13;
    internal const ushort IFLA_LINKINFO = 18;
    internal const ushort IFLA_STATS64 = 23;
    internal const ushort IFLA_AF_SPEC = 26;
    internal const ushort IFLA_INFO_KIND = 1;
    internal const ushort IFLA_INFO_DATA = 2;
    internal const ushort IFLA_VXLAN_ID = 1;
    internal const ushort IFLA_VXLAN_GROUP = 2;
    internal const ushort IFLA_VXLAN_LINK = 3;
    internal const ushort IFLA_VXLAN_LOCAL = 4;
    internal const ushort IFLA_VXLAN_LEARNING = 7;
    internal const ushort IFLA_VXLAN_L2MISS = 13;
    internal const ushort IFLA_VXLAN_PORT = 15;
    internal const ushort IFLA_VXLAN_GBP = 23;
    internal const ushort IFLA_VXLAN_COLLECT_METADATA = 25;
    internal const ushort IFLA_VXLAN_GPE = 27;
    internal const ushort IFLA_NET_NS_FD = 28;
    internal const ushort IFLA_LINK_NETNSID = 37;
    internal const ushort VETH_INFO_PEER = 1;
    internal const ushort IFLA_INET6_ADDR_GEN_MODE = 8;
    internal const byte IN6_ADDR_GEN_MODE_NONE = 1;

    internal const uint IFF_UP = 0x1;
    internal const uint IFF_LOOPBACK = 0x8;
    internal const uint IFF_POINTOPOINT = 0x10;
    internal const uint IFF_RUNNING = 0x40;

    internal const ushort IFA_ADDRESS = 1;
    internal const ushort IFA_LOCAL = 2;
    internal const ushort IFA_FLAGS = 8;
    internal const uint IFA_F_SECONDARY = 0x01;
    internal const uint IFA_F_DEPRECATED = 0x20;
    internal const uint IFA_F_PERMANENT = 0x80;

    internal const ushort NDA_DST = 1;
    internal const ushort NDA_LLADDR = 2;
    internal const ushort NUD_FAILED = 0x20;
    internal const ushort NUD_PERMANENT = 0x80;
    internal const byte NTF_SELF = 0x02;

    internal const byte RT_SCOPE_UNIVERSE = 0;
    internal const byte RT_SCOPE_SITE = 200;
    internal const byte RT_SCOPE_LINK = 253;
    internal const byte RT_SCOPE_HOST = 254;
    internal const byte RT_SCOPE_NOWHERE = 255;

    internal const byte RT_TABLE_MAIN = 254;
    internal const byte RTPROT_BOOT = 3;
    internal const byte RTN_UNICAST = 1;
    internal const byte RTN_BLACKHOLE = 6;
    internal const uint RTNH_F_ONLINK = 0x4;
    internal const uint RTM_F_CLONED = 0x200;
    internal const uint RTM_F_LOOKUP_TABLE = 0x1000;
    internal const uint RTM_F_FIB_MATCH = 0x2000;

    internal const ushort RTA_DST = 1;
    internal const ushort RTA_SRC = 2;
    internal const ushort RTA_IIF = 3;
    internal const ushort RTA_OIF = 4;
    internal const ushort RTA_PREFSRC = 7;
    internal const ushort RTA_GATEWAY = 5;
    internal const ushort RTA_PRIORITY = 6;
    internal const ushort RTA_METRICS = 8;
    internal const ushort RTA_MULTIPATH = 9;
    internal const ushort RTA_TABLE = 15;
    internal const ushort RTA_IP_PROTO = 27;
    internal const ushort RTA_SPORT = 28;
    internal const ushort RTA_DPORT = 29;
    internal const ushort RTAX_MTU = 2;

    internal const ushort FRA_PRIORITY = 6;
    internal const ushort FRA_SUPPRESS_IFGROUP = 13;
    internal const ushort FRA_SUPPRESS_PREFIXLEN = 14;
    internal const ushort FRA_TABLE = 15;
    internal const ushort FRA_PROTOCOL = 21;
    internal const uint FIB_RULE_INVERT = 0x2;
}

/// <summary>struct sockaddr_nl, linux/netlink.h: 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sockaddr_nl
{
    internal ushort nl_family;
    internal ushort nl_pad;
    internal uint nl_pid;
    internal uint nl_groups;
}

/// <summary>struct nlmsghdr, linux/netlink.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlmsghdr
{
    internal uint nlmsg_len;
    internal ushort nlmsg_type;
    internal ushort nlmsg_flags;
    internal uint nlmsg_seq;
    internal uint nlmsg_pid;
}

/// <summary>struct nlmsgerr, linux/netlink.h: 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlmsgerr
{
    internal int error;
    internal nlmsghdr msg;
}

/// <summary>struct nlattr, linux/netlink.h: 4 bytes. rtnetlink's struct rtattr has the same shape.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlattr
{
    internal ushort nla_len;
    internal ushort nla_type;
}

/// <summary>struct ifinfomsg, linux/rtnetlink.h: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ifinfomsg
{
    internal byte ifi_family;
    internal byte __ifi_pad;
    internal ushort ifi_type;
    internal int ifi_index;
    internal uint ifi_flags;
    internal uint ifi_change;
}

/// <summary>
/// struct rtnl_link_stats64, linux/if_link.h: its first 64 bytes. Every few years it grows at its end.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rtnl_link_stats64
{
    internal ulong rx_packets;
    internal ulong tx_packets;
    internal ulong rx_bytes;
    internal ulong tx_bytes;
    internal ulong rx_errors;
    internal ulong tx_errors;
    internal ulong rx_dropped;
    internal ulong tx_dropped;
}

/// <summary>struct rtgenmsg, linux/rtnetlink.h: 1 byte.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rtgenmsg
{
    internal byte rtgen_family;
}

/// <summary>struct ifaddrmsg, linux/if_addr.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ifaddrmsg
{
    internal byte ifa_family;
    internal byte ifa_prefixlen;
    internal byte ifa_flags;
    internal byte ifa_scope;
    internal uint ifa_index;
}

/// <summary>struct ndmsg, linux/neighbour.h: 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ndmsg
{
    internal byte ndm_family;
    internal byte ndm_pad1;
    internal ushort ndm_pad2;
    internal int ndm_ifindex;
    internal ushort ndm_state;
    internal byte ndm_flags;
    internal byte ndm_type;
}

/// <summary>struct rtmsg, linux/rtnetlink.h: 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rtmsg
{
    internal byte rtm_family;
    internal byte rtm_dst_len;
    internal byte rtm_src_len;
    internal byte rtm_tos;
    internal byte rtm_table;
    internal byte rtm_protocol;
    internal byte rtm_scope;
    internal byte rtm_type;
    internal uint rtm_flags;
}

/// <summary>struct rtnexthop, linux/rtnetlink.h: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct rtnexthop
{
    internal ushort rtnh_len;
    internal byte rtnh_flags;
    internal byte rtnh_hops;
    internal int rtnh_ifindex;
}
