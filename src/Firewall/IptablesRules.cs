using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Overlay.Firewall;

/// <summary>
/// Flannel's iptables rules (flannel pkg/trafficmngr/iptables/iptables.go), each as iptables-save prints it, so that
/// what is found can be compared with what is wanted word for word.
/// </summary>
public static partial class IptablesRules
{
    /// <summary>The table of the masquerade rules.</summary>
    public const string NatTable = "nat";

    /// <summary>The table of the forward rules.</summary>
    public const string FilterTable = "filter";

    /// <summary>Where packets leave this host.</summary>
    public const string Postrouting = "POSTROUTING";

    /// <summary>Where packets reach this host.</summary>
    public const string Input = "INPUT";

    /// <summary>Where packets pass through this host.</summary>
    public const string Forward = "FORWARD";

    /// <summary>The chain of the masquerade rules.</summary>
    public const string MasqueradeChain = "FLANNEL-POSTRTG";

    /// <summary>The chain of the forward rules.</summary>
    public const string ForwardChain = "FLANNEL-FWD";

    /// <summary>What leads to the masquerade rules, in POSTROUTING.</summary>
    public const string MasqueradeJump = $"{MasqueradeComment} -j {MasqueradeChain}";

    /// <summary>What leads to the forward rules, in FORWARD.</summary>
    public const string ForwardJump = $"{ForwardComment} -j {ForwardChain}";

    /// <summary>How every masquerade rule of flannel's is marked.</summary>
    public const string MasqueradeComment = "-m comment --comment \"flanneld masq\"";

    /// <summary>How every forward rule of flannel's is marked.</summary>
    public const string ForwardComment = "-m comment --comment \"flanneld forward\"";

    /// <summary>What kube-proxy masquerades already: the rule of every network.</summary>
    public const string MarkRule = $"-m mark --mark 0x4000/0x4000 {MasqueradeComment} -j RETURN";

    private const string Multicast = "224.0.0.0/4";

    /// <summary>The rules of <see cref="MasqueradeChain"/>; none when nothing is masqueraded.</summary>
    /// <param name="traffic">The overlay's.</param>
    /// <param name="isFinal">
    /// Whether packets from pod to pod end their way there, and do not go back to a rule of another's that masquerades
    /// them.
    /// </param>
    public static IReadOnlyList<string> Masquerade(OverlayTraffic traffic, bool isFinal)
    {
        if (!traffic.Masquerade)
        {
            return [];
        }

        (string network, string subnet) = (traffic.Network.ToString(), traffic.Subnet.ToString());
        string between = isFinal ? "ACCEPT" : "RETURN";
        string masquerade = traffic.RandomFully ? "MASQUERADE --random-fully" : "MASQUERADE";
        return
        [
            MarkRule,
            $"-s {subnet} -d {network} {MasqueradeComment} -j {between}",
            $"-s {network} -d {subnet} {MasqueradeComment} -j {between}",
            $"! -s {network} -d {subnet} {MasqueradeComment} -j RETURN",
            $"-s {network} ! -d {Multicast} {MasqueradeComment} -j {masquerade}",
            $"! -s {network} -d {network} {MasqueradeComment} -j {masquerade}",
        ];
    }

    /// <summary>The rules of <see cref="ForwardChain"/>; none when nothing is let through.</summary>
    public static IReadOnlyList<string> Accept(OverlayTraffic traffic) => traffic.Forward
        ? [$"-s {traffic.Network} {ForwardComment} -j ACCEPT", $"-d {traffic.Network} {ForwardComment} -j ACCEPT"]
        : [];

    /// <summary>
    /// Whether a rule is one that a daemon makes in <see cref="MasqueradeChain"/> for its network, of any version.
    /// </summary>
    public static bool IsMasqueradeForm(string rule) => MasqueradeForm().IsMatch(rule);

    /// <summary>
    /// Whether a rule is one that a daemon makes in <see cref="ForwardChain"/> for its network, of any version.
    /// </summary>
    public static bool IsAcceptForm(string rule) => AcceptForm().IsMatch(rule);

    [GeneratedRegex($"^(! )?-s \\S+ (! )?-d \\S+ {MasqueradeComment} -j (RETURN|ACCEPT|MASQUERADE( .*)?)$")]
    private static partial Regex MasqueradeForm();

    [GeneratedRegex($"^-[sd] \\S+ {ForwardComment} -j ACCEPT$")]
    private static partial Regex AcceptForm();
}
