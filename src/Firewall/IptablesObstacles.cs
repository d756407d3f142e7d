using System.Collections.Generic;
using System.Linq;
using Overlay.Health;

namespace Overlay.Firewall;

/// <summary>
/// Rules of iptables that stop or change the overlay's packets, where flannel's jump is not before them.
/// </summary>
public static class IptablesObstacles
{
    private const string UfwChain = "ufw-before-input";

    /// <summary>Looks at FORWARD, INPUT and POSTROUTING.</summary>
    /// <param name="listing">The tables that there are.</param>
    /// <param name="traffic">The overlay's.</param>
    /// <param name="isInUse">Whether flannel's own rules are in there.</param>
    /// <param name="tool">The kind of iptables, as it is typed.</param>
    public static IReadOnlyList<FirewallObstacle> Find(
        IptablesListing listing, OverlayTraffic traffic, bool isInUse, string tool)
    {
        List<FirewallObstacle> found = [];
        IReadOnlyDictionary<string, IptablesChain> filter = listing.ChainsOf(IptablesRules.FilterTable);
        if (traffic.Forward && !isInUse && IsForwardStopped(filter, traffic))
        {
            found.Add(new FirewallObstacle(
                HealthCodes.FirewallForwardReject, tool,
                $"{tool} drops or rejects in FORWARD what it does not accept, and flannel's rules are not in there",
                $"accept it: {tool} -I FORWARD -s {traffic.Network} -j ACCEPT && {tool} -I FORWARD -d "
                    + $"{traffic.Network} -j ACCEPT{OneKind(tool)}"));
        }

        foreach (ProbePacket datagram in traffic.Datagrams.Where(datagram => IsDropped(filter, datagram)))
        {
            bool isUfw = filter.ContainsKey(UfwChain);
            found.Add(new FirewallObstacle(
                HealthCodes.FirewallInputReject, $"{tool}, UDP port {datagram.UdpPort}",
                $"{(isUfw ? "ufw" : tool)} drops or rejects what peers send to UDP port {datagram.UdpPort}",
                isUfw
                    ? $"let it in: ufw allow proto udp from PEERS to any port {datagram.UdpPort}"
                    : $"let it in: {tool} -I {IptablesRules.Input} -p udp --dport {datagram.UdpPort} -j ACCEPT"));
        }

        IReadOnlyDictionary<string, IptablesChain> nat = listing.ChainsOf(IptablesRules.NatTable);
        if (!(traffic.Masquerade && isInUse)
            && MasqueradePlacement.FindObstacle(nat, traffic, _ => false) is { } index)
        {
            string rule = nat[IptablesRules.Postrouting].Rules[index];
            found.Add(new FirewallObstacle(
                HealthCodes.FirewallForeignMasquerade, tool,
                $"a rule of {tool} masquerades packets from pod to pod: -t nat -A {IptablesRules.Postrouting} {rule}",
                "have the program that made it leave that to flannel, as dockerd --ip-masq=false does, or let them "
                    + $"pass it: {tool} -t nat -I {IptablesRules.Postrouting} -s {traffic.Network} -d "
                    + $"{traffic.Network} -j ACCEPT"));
        }

        return found;
    }

    // A host has both kinds where programs were made for one each.
    private static string OneKind(string tool) => tool switch
    {
        "iptables-legacy" => ", or have all rules by one kind: update-alternatives --set iptables "
            + "/usr/sbin/iptables-nft, and restart what has made them",
        "iptables-nft" => ", or have all rules by one kind: update-alternatives --set iptables "
            + "/usr/sbin/iptables-legacy, and restart what has made them",
        _ => string.Empty,
    };

    private static bool IsForwardStopped(IReadOnlyDictionary<string, IptablesChain> filter, OverlayTraffic traffic)
    {
        return filter.TryGetValue(IptablesRules.Forward, out IptablesChain? forward)
            && (forward.Policy == "DROP"
                || ForwardPlacement.FindObstacle(filter, traffic.Tunnels, _ => false) is not null)
            && !traffic.ForwardedPackets.All(IsAccepted);

        bool IsAccepted(ProbePacket packet) => new RuleWalk(
            chain => filter.GetValueOrDefault(chain)?.Rules, rule => IptablesReading.Read(rule, packet),
            isStrict: false).VerdictOf(IptablesRules.Forward) == RuleAction.Accept;
    }

    private static bool IsDropped(IReadOnlyDictionary<string, IptablesChain> filter, ProbePacket datagram)
    {
        if (!filter.TryGetValue(IptablesRules.Input, out IptablesChain? input))
        {
            return false;
        }

        var walk = new RuleWalk(
            chain => filter.GetValueOrDefault(chain)?.Rules, rule => IptablesReading.Read(rule, datagram),
            isStrict: true);
        return (walk.VerdictOf(IptablesRules.Input)
            ?? (input.Policy == "DROP" ? RuleAction.Drop : RuleAction.Accept)) == RuleAction.Drop;
    }
}
