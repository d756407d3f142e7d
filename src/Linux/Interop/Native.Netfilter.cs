namespace Overlay.Linux.Interop;

/// <summary>linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h, linux/netfilter_ipv4/ip_tables.h.</summary>
internal static partial class Native
{
    internal const int NETLINK_NETFILTER = 12;
    internal const int NFNLGRP_NFTABLES = 7;
    internal const int NFNL_SUBSYS_NFTABLES = 10;
    internal const int NFT_MSG_NEWGEN = 15;

    internal const int IPT_SO_GET_INFO = 64;
    internal const int XT_TABLE_MAXNAMELEN = 32;
}
