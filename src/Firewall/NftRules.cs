using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Overlay.Firewall;

/// <summary>
/// Flannel's rules for nftables (flannel pkg/trafficmngr/nftables/nftables.go). Two are others than stock's: packets
/// from outside to this host's pods are left alone and not those to any pod, without which nothing from a host to a pod
/// would be masqueraded; and kube-proxy's mark is one bit of many, as in the rules for iptables.
/// </summary>
public static partial class NftRules
{
    /// <summary>The table's family.</summary>
    public const string Family = "ip";

    /// <summary>The table.</summary>
    public const string Table = "flannel-ipv4";

    /// <summary>The table's comment.</summary>
    public const string TableComment = $"rules for {Table}";

    private const string MarkRule = "meta mark & 0x00004000 == 0x00004000 return";
    private const string Multicast = "224.0.0.0/4";

    /// <summary>Both chains; one that is not wanted has no rules.</summary>
    public static IReadOnlyList<NftChain> Chains(OverlayTraffic traffic) =>
    [
        new NftChain(
            "postrtg", "type nat hook postrouting priority srcnat; policy accept;",
            "chain to manage traffic masquerading by flannel", traffic.Masquerade ? Masquerade(traffic) : [],
            MasqueradeForm().IsMatch),
        new NftChain(
            "forward", "type filter hook forward priority filter; policy accept;",
            "chain to accept flannel traffic", traffic.Forward
                ? [$"ip saddr {traffic.Network} accept", $"ip daddr {traffic.Network} accept"]
                : [],
            AcceptForm().IsMatch),
    ];

    private static IReadOnlyList<string> Masquerade(OverlayTraffic traffic)
    {
        (string network, string subnet) = (traffic.Network.ToString(), traffic.Subnet.ToString());
        string masquerade = traffic.RandomFully ? "masquerade fully-random" : "masquerade";
        return
        [
            MarkRule,
            $"ip saddr {subnet} ip daddr {network} return",
            $"ip saddr {network} ip daddr {subnet} return",
            $"ip saddr != {network} ip daddr {subnet} return",
            $"ip saddr {network} ip daddr != {Multicast} {masquerade}",
            $"ip saddr != {network} ip daddr {network} {masquerade}",
        ];
    }

    // nft's rules bear no comment of flannel's: the form is all that tells.
    [GeneratedRegex(
        "^ip saddr (!= )?[0-9./]+ ip daddr ([0-9./]+ return|(!= )?[0-9./]+ masquerade( .*)?)$")]
    private static partial Regex MasqueradeForm();

    [GeneratedRegex("^ip [sd]addr [0-9./]+ accept$")]
    private static partial Regex AcceptForm();
}
