using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Firewall;

/// <summary>Flannel's rules by nftables, and from one kind to the other.</summary>
public sealed class NftablesTests : LabTest
{
    private const string Config =
        """{"Network":"10.42.0.0/16","EnableNFTables":true,"Backend":{"Type":"udp","Port":8285}}""";

    [Fact]
    public void FW_24_W5_W8_W10_the_rules_are_stocks_come_back_when_they_are_taken_and_those_of_the_other_kind_go()
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config);
        var tools = new FirewallTools(lab, 1, "nft");
        tools.Nft("add table inet firewalld");
        tools.Nft("add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }");
        tools.Nft("add rule inet firewalld filter_FORWARD meta mark 0 accept"); // what it means is not known
        tools.Nft("add rule inet firewalld filter_FORWARD reject with icmpx type admin-prohibited");

        // What a stock node in iptables mode leaves.
        tools.Rule("-N FLANNEL-FWD");
        tools.Rule("-A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment x -j ACCEPT");
        tools.Rule("-A FORWARD -j FLANNEL-FWD");
        tools.Rule("-t nat -N FLANNEL-POSTRTG");
        tools.Rule("-t nat -A POSTROUTING -j FLANNEL-POSTRTG");

        RunningProgram daemon = tools.Start("--ip-masq");
        RunningProgram peer = lab.Start(2);
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        lab.AttachPod(2, lab.WaitUntilReady(peer, 2));
        lab.AwaitPath(1, 2);

        Assert.Empty(tools.Rules("filter", "FLANNEL"));
        Assert.Empty(tools.Rules("nat", "FLANNEL"));
        Assert.Equal(
            [
                "comment \"chain to accept flannel traffic\"",
                "type filter hook forward priority filter; policy accept;",
                "ip saddr 10.42.0.0/16 accept", "ip daddr 10.42.0.0/16 accept",
            ],
            Lines(tools.Nft("list chain ip flannel-ipv4 forward")));
        string subnet = lab.Subnet(1).Subnet;
        Assert.Equal(
            [
                "comment \"chain to manage traffic masquerading by flannel\"",
                "type nat hook postrouting priority srcnat; policy accept;",
                "meta mark & 0x00004000 == 0x00004000 return",
                $"ip saddr {subnet} ip daddr 10.42.0.0/16 return",
                $"ip saddr 10.42.0.0/16 ip daddr {subnet} return",
                $"ip saddr != 10.42.0.0/16 ip daddr {subnet} return",
                "ip saddr 10.42.0.0/16 ip daddr != 224.0.0.0/4 masquerade fully-random",
                "ip saddr != 10.42.0.0/16 ip daddr 10.42.0.0/16 masquerade fully-random",
            ],
            Lines(tools.Nft("list chain ip flannel-ipv4 postrtg")));
        Assert.Single(daemon.Errors, line => line.Contains("firewall-cmd --permanent", StringComparison.Ordinal));

        // From this host's own address to the peer's pod: masqueraded, as by iptables; stock's rules are in the way.
        using var bridge = new PacketWatch(lab.Host(2).HostNamespace, "veth0");
        CommandResult ping = lab.Run(
            lab.Host(1).HostNamespace, "ping", "-n", "-c", "1", "-W", "60", "-I",
            lab.Host(1).UnderlayAddress.ToString(), lab.Pod(2).ToString());
        Assert.True(ping.Succeeded, ping.Output);
        Assert.Equal(lab.Tunnel(1), bridge.First(
            (header, _) => header.Protocol == IpProtocols.Icmp && header.Destination.ToIPAddress().Equals(lab.Pod(2)),
            TimeSpan.Zero)?.Source.ToIPAddress());

        string whole = tools.Nft("-s list table ip flannel-ipv4");
        tools.Nft("flush chain ip flannel-ipv4 forward");
        daemon.AwaitError("deleting and recreating rules: rules of forward");
        tools.Nft("delete table ip flannel-ipv4");
        daemon.AwaitError("deleting and recreating rules: chain postrtg, chain forward");
        Assert.Equal(whole, tools.Nft("-s list table ip flannel-ipv4"));
        tools.Nft("insert rule ip flannel-ipv4 postrtg drop");
        daemon.AwaitError("deleting and recreating rules: rules of postrtg");
        lab.AwaitPath(1, 2);
        Assert.Equal(whole, tools.Nft("-s list table ip flannel-ipv4"));
        Assert.Equal(3, daemon.Errors.Count(line => line.Contains("recreating rules", StringComparison.Ordinal)));

        // What peers send is dropped: a rule of ours cannot accept it there.
        tools.Nft("add table inet guard");
        tools.Nft("add chain inet guard in { type filter hook input priority 0; policy drop; }");
        daemon.AwaitError("let it in: nft insert rule inet guard in udp dport 8285 accept");
        tools.Nft("delete table inet guard");

        // Back to iptables: nothing of nftables' is left.
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        File.WriteAllText(
            Path.Combine(lab.Plan.LeaseDirectory, "config"), Config.Replace("true", "false", StringComparison.Ordinal));
        RunningProgram other = tools.Start("--iptables-forward-rules=false");
        _ = lab.WaitUntilReady(other, 1);
        Assert.DoesNotContain("flannel-ipv4", tools.Nft("list tables"), StringComparison.Ordinal);
        Assert.DoesNotContain("FLANNEL", tools.Everything(), StringComparison.Ordinal);
    }

    // A chain's, without its braces.
    private static IReadOnlyList<string> Lines(string listed) =>
        [.. listed.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)[2..^2]];
}
