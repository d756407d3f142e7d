using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Health;

namespace Overlay.Firewall;

/// <summary>
/// Chains of nftables that stop or change the overlay's packets whatever other chains do with them: a drop is final,
/// an accept is one chain's own (nft(8), "Verdict statements"), and of several chains of type nat at one hook the first
/// that translates decides.
/// </summary>
public static class NftObstacles
{
    private const string FirewalldTable = "inet firewalld";

    /// <summary>Looks at every chain there is, and at the rules of those that may be in the way.</summary>
    /// <param name="chains">What <c>nft list chains</c> has printed.</param>
    /// <param name="traffic">What is to be let through.</param>
    /// <param name="readTable">The chains of a table by its family and name; null when it is gone.</param>
    public static IReadOnlyList<FirewallObstacle> Find(
        string chains, OverlayTraffic traffic, Func<string, IReadOnlyDictionary<string, NftFoundChain>?> readTable)
    {
        List<FirewallObstacle> found = [];
        string table = string.Empty;
        string chain = string.Empty;
        bool isFirewalldFound = false;
        foreach (string line in chains.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith("table ", StringComparison.Ordinal))
            {
                table = line[6..].TrimEnd('{').Trim();
            }
            else if (line.StartsWith("chain ", StringComparison.Ordinal))
            {
                chain = line[6..].TrimEnd('{').Trim();
            }
            else if (!MeetsIpv4(table) || !line.StartsWith("type ", StringComparison.Ordinal))
            {
                continue;
            }
            else if (traffic.Forward && line.Contains("hook forward", StringComparison.Ordinal))
            {
                LookAtForward(line);
            }
            else if (line.StartsWith("type filter hook input", StringComparison.Ordinal))
            {
                LookAtInput(line);
            }
            else if (line.StartsWith("type nat hook postrouting", StringComparison.Ordinal))
            {
                LookAtPostrouting();
            }
        }

        return found;

        void LookAtForward(string type)
        {
            if (table == FirewalldTable)
            {
                // Its policy is accept, and its last rule rejects.
                if (!isFirewalldFound && Stops(type))
                {
                    isFirewalldFound = true;
                    found.Add(new FirewallObstacle(
                        HealthCodes.FirewallForwardReject, "firewalld",
                        "firewalld rejects what no zone allows to be forwarded, and no rule of another's can accept it "
                            + "there",
                        "put the interfaces into a zone that does: firewall-cmd --permanent --zone=trusted "
                            + $"--add-interface={string.Join(" --add-interface=", traffic.Tunnels)} "
                            + "--add-interface=cni0 && firewall-cmd --reload"));
                }
            }
            else if (type.Contains("policy drop", StringComparison.Ordinal) && !IsOfIptables(table, chain)
                && Stops(type))
            {
                found.Add(new FirewallObstacle(
                    HealthCodes.FirewallForwardReject, $"{table} {chain}",
                    $"chain {chain} of nftables' table {table} drops what it does not accept, and no rule of another's "
                        + "can accept it there",
                    $"accept it: nft insert rule {table} {chain} ip saddr {traffic.Network} accept && nft insert rule "
                        + $"{table} {chain} ip daddr {traffic.Network} accept"));
            }
        }

        void LookAtInput(string type)
        {
            if (traffic.Datagrams.Count == 0 || IsOfIptables(table, chain) || readTable(table) is not { } read)
            {
                return;
            }

            bool isDropPolicy = type.Contains("policy drop", StringComparison.Ordinal);
            foreach (ProbePacket datagram in traffic.Datagrams.Where(
                datagram => NftVerdict.Drops(read, chain, isDropPolicy, datagram)))
            {
                (string who, string remedy) = table == FirewalldTable
                    ? ("firewalld", $"firewall-cmd --permanent --add-port={datagram.UdpPort}/udp && firewall-cmd "
                        + "--reload")
                    : ($"chain {chain} of nftables' table {table}",
                        $"nft insert rule {table} {chain} udp dport {datagram.UdpPort} accept");
                found.Add(new FirewallObstacle(
                    HealthCodes.FirewallInputReject, $"{table} {chain}, UDP port {datagram.UdpPort}",
                    $"{who} drops or rejects what peers send to UDP port {datagram.UdpPort}",
                    $"let it in: {remedy}"));
            }
        }

        void LookAtPostrouting()
        {
            if (!IsOfIptables(table, chain) && readTable(table) is { } read
                && NftVerdict.Masquerades(read, chain, traffic))
            {
                found.Add(new FirewallObstacle(
                    HealthCodes.FirewallForeignMasquerade, $"{table} {chain}",
                    $"chain {chain} of nftables' table {table} masquerades packets from pod to pod, and no rule of "
                        + "another's can keep it from that",
                    $"let them pass it: nft insert rule {table} {chain} ip saddr {traffic.Network} ip daddr "
                        + $"{traffic.Network} accept"));
            }
        }

        bool Stops(string type) => readTable(table) is { } read && !NftVerdict.Accepts(
            read, chain, type.Contains("policy drop", StringComparison.Ordinal), traffic);
    }

    private static bool MeetsIpv4(string table) =>
        table.StartsWith("ip ", StringComparison.Ordinal) || table.StartsWith("inet ", StringComparison.Ordinal);

    // Flannel's jump is in there, or iptables is asked for it.
    private static bool IsOfIptables(string table, string chain) =>
        (table, chain) is ("ip filter", "FORWARD" or "INPUT") or ("ip nat", "POSTROUTING");
}
