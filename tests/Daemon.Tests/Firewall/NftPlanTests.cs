using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Firewall;
using Xunit;

namespace Overlay.Daemon.Tests.Firewall;

public sealed class NftPlanTests
{
    private const string Listed = """
        table ip flannel-ipv4 {
        	comment "rules for flannel-ipv4"
        	chain postrtg {
        		comment "chain to manage traffic masquerading by flannel"
        		type nat hook postrouting priority srcnat; policy accept;
        		meta mark & 0x00004000 == 0x00004000 return
        		ip saddr 10.42.1.0/24 ip daddr 10.42.0.0/16 return
        		ip saddr 10.42.0.0/16 ip daddr 10.42.1.0/24 return
        		ip saddr != 10.42.0.0/16 ip daddr 10.42.1.0/24 return
        		ip saddr 10.42.0.0/16 ip daddr != 224.0.0.0/4 masquerade fully-random
        		ip saddr != 10.42.0.0/16 ip daddr 10.42.0.0/16 masquerade fully-random
        	}

        	chain forward {
        		comment "chain to accept flannel traffic"
        		type filter hook forward priority filter; policy accept;
        		ip saddr 10.42.0.0/16 accept
        		ip daddr 10.42.0.0/16 accept
        	}
        }
        """;

    [Fact]
    public void A_system_without_the_table_gets_it_whole_in_one_transaction()
    {
        NftPlan plan = Plan(null, Traffic.Both)!;

        string[] lines = plan.Payload.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("add table ip flannel-ipv4 { comment \"rules for flannel-ipv4\"; }", lines[0]);
        Assert.Equal(
            "add chain ip flannel-ipv4 forward { type filter hook forward priority filter; policy accept; comment "
                + "\"chain to accept flannel traffic\"; }",
            lines.Single(line => line.StartsWith("add chain ip flannel-ipv4 forward ", StringComparison.Ordinal)));
        Assert.Equal(
            NftPlan.Parse(Listed).SelectMany(chain => chain.Value.Rules),
            lines.Where(line => line.StartsWith("add rule", StringComparison.Ordinal))
                .Select(line => string.Join(' ', line.Split(' ')[5..])));
        Assert.Equal(11, lines.Length);
    }

    [Fact]
    public void Nothing_is_run_where_everything_is_there_also_as_older_versions_print_it()
    {
        Assert.Null(Plan(Listed, Traffic.Both));
        Assert.Null(Plan(
            Listed.Replace("srcnat; policy accept;", "100;").Replace("priority filter;", "priority 0;"), Traffic.Both));
    }

    [Theory]
    [InlineData("\t\tip daddr 10.42.0.0/16 accept\n", "")]
    [InlineData("ip saddr 10.42.0.0/16 accept\n", "ip saddr 10.42.0.0/16 accept\n\t\tip saddr 10.42.0.0/16 accept\n")]
    [InlineData("ip daddr 10.42.0.0/16 accept\n", "ip daddr 10.42.0.0/16 accept\n\t\tip daddr 10.42.0.0/16 drop\n")]
    public void Rules_that_are_missing_doubled_or_strange_are_put_right_in_one_transaction(string found, string broken)
    {
        NftPlan plan = Plan(Listed.Replace(found, broken), Traffic.Both)!;

        Assert.Equal(["rules of forward"], plan.Findings);
        Assert.StartsWith("flush chain ip flannel-ipv4 forward\n", plan.Payload, StringComparison.Ordinal);
        Assert.Equal(2, plan.Payload.Split("add rule").Length - 1);
    }

    [Theory]
    [InlineData("postrtg", "drop")]
    [InlineData("postrtg", "ip saddr 10.0.0.0/8 accept")]
    [InlineData("postrtg", "meta mark 0x00000001 return")]
    [InlineData("forward", "drop")]
    [InlineData("forward", "ip daddr 10.42.1.0/24 counter packets 3 bytes 252 drop")]
    [InlineData("forward", "ip daddr 10.43.0.0/16 drop")]
    public void A_rule_that_no_daemon_has_made_goes_from_the_chains_and_those_of_another_network_stay(
        string chain, string foreign)
    {
        NftFoundChain found = NftPlan.Parse(Listed)[chain];
        string[] second =
        [
            .. found.Rules.Where(rule => rule.Contains("10.42.", StringComparison.Ordinal))
                .Select(rule => rule.Replace("10.42.", "10.43.")),
        ];
        Assert.Null(PlanOf([.. found.Rules, .. second]));
        Assert.Null(PlanOf([.. second, .. found.Rules]));

        foreach (string[] rules in (string[][])
            [
                [foreign, .. found.Rules, .. second],
                [.. second, foreign, .. found.Rules],
                [.. found.Rules, .. second, foreign],
            ])
        {
            NftPlan plan = PlanOf(rules)!;

            Assert.Equal([$"rules of {chain}"], plan.Findings);
            Assert.StartsWith($"flush chain ip flannel-ipv4 {chain}\n", plan.Payload, StringComparison.Ordinal);
            string[] left =
            [
                .. plan.Payload.Split('\n').Where(line => line.StartsWith("add rule", StringComparison.Ordinal))
                    .Select(line => string.Join(' ', line.Split(' ')[5..])),
            ];
            Assert.Equal(found.Rules.Concat(second).Order(), left.Order());
            Assert.Null(PlanOf(left));
        }

        NftPlan? PlanOf(string[] rules) => NftPlan.Make(
            new Dictionary<string, NftFoundChain>(NftPlan.Parse(Listed)) { [chain] = found with { Rules = rules } },
            Traffic.Both, new PrintedRules());
    }

    [Fact]
    public void A_chain_whose_policy_somebody_has_made_drop_is_made_anew()
    {
        NftPlan plan = Plan(Listed.Replace("filter; policy accept", "filter; policy drop"), Traffic.Both)!;

        Assert.Contains("delete chain ip flannel-ipv4 forward\nadd chain", plan.Payload, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_networks_of_one_host_share_the_table_and_the_end_of_one_leaves_the_others_rules()
    {
        OverlayTraffic second = Traffic.Of("10.43.0.0/16", "10.43.7.0/24");
        NftPlan both = Plan(Listed, second)!;
        string listed = Listed;
        foreach (string chain in (string[])["postrtg", "forward"])
        {
            IEnumerable<string> rules = both.Payload.Split('\n')
                .Where(line => line.StartsWith($"add rule ip flannel-ipv4 {chain} ", StringComparison.Ordinal))
                .Select(line => "\t\t" + string.Join(' ', line.Split(' ')[5..]));
            int head = listed.IndexOf("policy accept;\n", listed.IndexOf($"chain {chain} ", StringComparison.Ordinal),
                StringComparison.Ordinal) + "policy accept;\n".Length;
            int end = listed.IndexOf("\t}", head, StringComparison.Ordinal);
            listed = listed[..head] + string.Join('\n', rules) + "\n" + listed[end..];
        }

        Assert.Null(Plan(listed, second));
        Assert.Null(Plan(listed, Traffic.Both));
        string left = Plan(listed, second.WithoutRules)!.Payload;
        Assert.Contains("10.42.", left, StringComparison.Ordinal);
        Assert.DoesNotContain("10.43.", left, StringComparison.Ordinal);
        Assert.Equal("delete table ip flannel-ipv4\n", Plan(Listed, Traffic.Both.WithoutRules)!.Payload);
    }

    [Fact]
    public void W3_W8_What_others_drop_whatever_is_accepted_elsewhere_is_named_with_the_line_to_type()
    {
        const string Chains = """
            table ip filter {
            	chain FORWARD {
            		type filter hook forward priority filter; policy drop;
            	}
            }
            table inet guard {
            	chain fw {
            		type filter hook forward priority filter; policy drop;
            	}
            	chain in {
            		type filter hook input priority filter; policy drop;
            	}
            }
            table bridge guard {
            	chain fw {
            		type filter hook forward priority filter; policy drop;
            	}
            }
            table inet firewalld {
            	chain filter_FORWARD {
            		type filter hook forward priority filter + 10; policy accept;
            	}
            }
            """;

        IReadOnlyList<FirewallObstacle> found = NftObstacles.Find(Chains, Traffic.Both, _ => Table(Rejecting));

        Assert.Equal(2, found.Count);
        Assert.Contains(
            "nft insert rule inet guard fw ip saddr 10.42.0.0/16 accept", found[0].Remedy, StringComparison.Ordinal);
        Assert.Contains(
            "firewall-cmd --permanent --zone=trusted --add-interface=flannel0 --add-interface=cni0 && firewall-cmd "
                + "--reload", found[1].Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "ct state established,related accept", "ip saddr 10.42.1.0/24 accept")]
    [InlineData(false, "ip saddr 10.0.0.0/8 drop", "ip saddr 10.42.0.0/16 accept", "ip daddr 10.42.0.0/16 accept")]
    [InlineData(false, "iifname != \"eth0\" drop", "accept")]
    [InlineData(false, "tcp dport 80 accept", "ip saddr @pods accept", "iifname vmap { \"flannel0\" : accept }")]
    [InlineData(true, "ip daddr 10.42.0.0/16 accept", "ip saddr 10.42.0.0/16 counter packets 1 bytes 2 accept")]
    [InlineData(true, "iifname \"flannel*\" accept comment \"x\"", "oifname { \"eth1\", \"flannel0\" } accept")]
    [InlineData(true, "ip saddr 10.42.9.0/24 drop", "ct state invalid drop", "ct state { established, new } accept")]
    public void A_chain_that_accepts_the_networks_packets_before_its_verdict_is_in_nobodys_way(
        bool isAccepted, params string[] rules) => Assert.Equal(isAccepted, NftVerdict.Accepts(
            new Dictionary<string, NftFoundChain> { ["fw"] = new(string.Empty, rules) }, "fw", isDropPolicy: true,
            Traffic.Both));

    [Theory]
    [InlineData(true, "oifname != \"docker0\" ip saddr 10.42.1.0/24 counter packets 0 bytes 0 masquerade")]
    [InlineData(true, "masquerade fully-random")]
    [InlineData(false, "ip saddr 10.42.0.0/16 ip daddr 10.42.0.0/16 accept", "masquerade")]
    [InlineData(false, "meta mark 0x1 return", "masquerade")] // it is not certain
    [InlineData(false, "oifname \"eth0\" masquerade", "ip saddr 172.17.0.0/16 masquerade")]
    public void W9_a_masquerade_of_another_table_is_named_because_no_rule_of_ours_can_prevent_it(
        bool isFound, params string[] rules)
    {
        const string Chains = """
            table inet guard {
            	chain out {
            		type nat hook postrouting priority srcnat; policy accept;
            	}
            }
            """;

        IReadOnlyList<FirewallObstacle> found = NftObstacles.Find(
            Chains, Traffic.Both,
            _ => new Dictionary<string, NftFoundChain> { ["out"] = new(string.Empty, rules) });

        Assert.Equal(isFound, found is [{ Code.Name: "firewall-foreign-masquerade", Subject: "inet guard out" }]);
        Assert.Equal(isFound ? 1 : 0, found.Count);
    }

    [Fact]
    public void Firewalld_is_in_nobodys_way_once_the_interfaces_or_the_network_are_in_a_zone_that_accepts()
    {
        const string Trusting = "iifname \"flannel0\" goto filter_FWD_trusted\n";
        const string Bridge = "iifname \"cni0\" goto filter_FWD_trusted\n";
        Assert.False(IsAccepted(string.Empty));
        Assert.False(IsAccepted(Trusting));
        Assert.True(IsAccepted(Trusting + Bridge));
        Assert.True(IsAccepted("ip saddr 10.42.0.0/16 goto filter_FWD_trusted\n"));

        static bool IsAccepted(string zones) => NftVerdict.Accepts(
            Table(Rejecting.Replace("goto filter_FWD_public", zones + "goto filter_FWD_public")), "filter_FORWARD",
            isDropPolicy: false, Traffic.Both);
    }

    // As firewalld 1.3 has it, shortened.
    private const string Rejecting = """
        table inet firewalld {
        	chain filter_FORWARD {
        		type filter hook forward priority filter + 10; policy accept;
        		ct state { established, related } accept
        		ct status dnat accept
        		iifname "lo" accept
        		ct state invalid drop
        		jump filter_FORWARD_ZONES
        		reject with icmpx admin-prohibited
        	}
        	chain filter_FORWARD_ZONES {
        		goto filter_FWD_public
        	}
        	chain filter_FWD_public {
        		jump filter_FWD_public_allow
        		reject with icmpx admin-prohibited
        	}
        	chain filter_FWD_public_allow {
        		oifname "eth0" accept
        	}
        	chain filter_FWD_trusted {
        		jump filter_FWD_public_allow
        		accept
        	}
        }
        """;

    private static IReadOnlyDictionary<string, NftFoundChain> Table(string listed) => NftPlan.Parse(listed);

    private static NftPlan? Plan(string? listed, OverlayTraffic traffic) =>
        NftPlan.Make(listed is null ? null : NftPlan.Parse(listed), traffic, new PrintedRules());
}
