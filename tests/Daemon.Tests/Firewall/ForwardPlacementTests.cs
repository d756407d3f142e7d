using System;
using System.Collections.Generic;
using Overlay.Firewall;
using Xunit;

namespace Overlay.Daemon.Tests.Firewall;

/// <summary>Where the jump goes among the rules that common firewalls leave in FORWARD.</summary>
public sealed class ForwardPlacementTests
{
    [Theory]
    // kube-proxy: after its rules, as flannel's end-to-end test FW-21 has it
    [InlineData(null, """
        -A FORWARD -m conntrack --ctstate NEW -m comment --comment "load balancer" -j KUBE-PROXY-FIREWALL
        -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
        -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        -A KUBE-PROXY-FIREWALL -j DROP
        """)]
    // Docker 20: only its policy drops
    [InlineData(null, """
        -A FORWARD -j DOCKER-USER
        -A FORWARD -j DOCKER-ISOLATION-STAGE-1
        -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -o docker0 -j DOCKER
        -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
        -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
        -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
        -A DOCKER-USER -j DROP
        """)]
    // Docker 28: what reaches docker0 from another interface, such as the tunnel, is dropped
    [InlineData(1, """
        -A FORWARD -j DOCKER-USER
        -A FORWARD -j DOCKER-FORWARD
        -A DOCKER-FORWARD -j DOCKER-BRIDGE
        -A DOCKER-BRIDGE -o docker0 -j DOCKER
        -A DOCKER ! -i docker0 -o docker0 -j DROP
        """)]
    // firewalld with its iptables backend
    [InlineData(4, """
        -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
        -A FORWARD -i lo -j ACCEPT
        -A FORWARD -j FORWARD_IN_ZONES
        -A FORWARD -m conntrack --ctstate INVALID -j DROP
        -A FORWARD -j REJECT --reject-with icmp-host-prohibited
        -A FORWARD_IN_ZONES -g FWDI_public
        -A FWDI_public -p icmp -j ACCEPT
        """)]
    // ufw with DEFAULT_FORWARD_POLICY="REJECT"
    [InlineData(2, """
        -A FORWARD -j ufw-before-forward
        -A FORWARD -j ufw-after-forward
        -A FORWARD -j ufw-reject-forward
        -A ufw-before-forward -j ufw-user-forward
        -A ufw-user-forward -s 10.9.0.0/24 -j DROP
        -A ufw-reject-forward -j REJECT --reject-with icmp-port-unreachable
        """)]
    // what somebody wants to keep apart is left so
    [InlineData(null, """
        -A FORWARD -s 10.42.1.0/24 -d 10.42.2.0/24 -j DROP
        -A FORWARD -p tcp -m tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable
        -A FORWARD -i eth0 -o eth1 -j DROP
        -A FORWARD -j cali-FORWARD
        -A cali-FORWARD -j DROP
        """)]
    // of interfaces by their beginnings, by new connections, and a chain that leads to itself
    [InlineData(2, """
        -A FORWARD -i veth+ -o veth+ -j DROP
        -A FORWARD -j round
        -A FORWARD -i flan+ -m conntrack --ctstate INVALID,NEW -m comment --comment "no -j ACCEPT \" here" -j DROP
        -A round -j round
        """)]
    public void W6_W16_The_jump_stands_before_what_would_stop_all_packets_of_the_overlay_and_behind_policies(
        int? index, string rules)
    {
        string chains = ":FORWARD DROP [0:0]\n";
        foreach (string line in rules.Split('\n'))
        {
            string chain = line.Split(' ')[1];
            chains += chains.Contains($":{chain} ", StringComparison.Ordinal) ? string.Empty : $":{chain} - [0:0]\n";
        }

        var listing = IptablesListing.Parse($"*filter\n{chains}{rules}\nCOMMIT\n");
        int? found = ForwardPlacement.FindObstacle(listing.ChainsOf("filter"), ["flannel0"], _ => false);
        OverlayTraffic traffic = Traffic.Both with { Masquerade = false };
        var plan = IptablesPlan.Make(listing, traffic, new PrintedRules());

        Assert.Equal(index, found);
        Assert.Contains(
            index is null ? $"-A FORWARD {IptablesRules.ForwardJump}\n"
                : $"-I FORWARD {index + 1} {IptablesRules.ForwardJump}\n",
            plan!.Payload, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, ":FORWARD DROP [0:0]")]
    [InlineData(true, ":FORWARD ACCEPT [0:0]\n-A FORWARD -j REJECT")]
    [InlineData(true, ":FORWARD DROP [0:0]\n-A FORWARD -s 10.42.1.0/24 -j ACCEPT")] // one direction alone
    [InlineData(false, ":FORWARD ACCEPT [0:0]")]
    [InlineData(false, """
        :FORWARD DROP [0:0]
        -A FORWARD -d 10.42.0.0/16 -j ACCEPT
        -A FORWARD -s 10.42.0.0/16 -j ACCEPT
        """)]
    public void W7_what_the_other_iptables_drops_is_named_until_it_accepts_the_network(bool isFound, string rules)
    {
        IReadOnlyList<FirewallObstacle> found = IptablesObstacles.Find(
            IptablesListing.Parse($"*filter\n{rules}\nCOMMIT\n"), Traffic.Both, isInUse: false, "iptables-legacy");

        Assert.Equal(isFound ? 1 : 0, found.Count);
        Assert.All(
            found,
            obstacle => Assert.StartsWith(
                "accept it: iptables-legacy -I FORWARD -s 10.42.0.0/16 -j ACCEPT && iptables-legacy -I FORWARD -d "
                    + "10.42.0.0/16 -j ACCEPT, or have all rules by one kind: update-alternatives", obstacle.Remedy,
                StringComparison.Ordinal));
    }

    [Fact]
    public void A_rule_that_came_above_the_jump_later_is_passed_again()
    {
        const string Rules = """
            *filter
            :FORWARD ACCEPT [0:0]
            :FLANNEL-FWD - [0:0]
            -A FORWARD -j REJECT --reject-with icmp-host-prohibited
            -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
            -A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
            -A FLANNEL-FWD -d 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
            COMMIT
            """;

        var plan = IptablesPlan.Make(
            IptablesListing.Parse(Rules), Traffic.Both with { Masquerade = false }, new PrintedRules());

        Assert.Equal(["place of the jump of FORWARD to FLANNEL-FWD"], plan!.Findings);
        Assert.Equal(
            $"*filter\n-D FORWARD {IptablesRules.ForwardJump}\n-I FORWARD 1 {IptablesRules.ForwardJump}\nCOMMIT\n",
            plan.Payload);
    }
}
