using System;
using System.Linq;
using Overlay.Firewall;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Firewall;

/// <summary>
/// Flannel's own tests of its payloads (pkg/trafficmngr/iptables), by their rows, and what they lack.
/// </summary>
public sealed class IptablesPlanTests
{
    private const string Nothing = "";

    private const string Filter = """
        *filter
        :FLANNEL-FWD - [0:0]
        -A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
        -A FLANNEL-FWD -d 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
        -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
        COMMIT

        """;

    private static readonly string s_nat = """
        *nat
        :FLANNEL-POSTRTG - [0:0]
        -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s 10.42.1.0/24 -d 10.42.0.0/16 -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s 10.42.0.0/16 -d 10.42.1.0/24 -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG ! -s 10.42.0.0/16 -d 10.42.1.0/24 -m comment --comment "flanneld masq" -j RETURN
        -A FLANNEL-POSTRTG -s 10.42.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j RANDOM
        -A FLANNEL-POSTRTG ! -s 10.42.0.0/16 -d 10.42.0.0/16 -m comment --comment "flanneld masq" -j RANDOM
        -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
        COMMIT

        """.Replace("RANDOM", "MASQUERADE --random-fully");

    [Fact]
    public void FW_1_FW_5_an_empty_system_gets_a_transaction_for_each_table_of_rules_that_are_appended_in_order() =>
        Assert.Equal(Filter + s_nat, Plan(Nothing, Traffic.Both)!.Payload);

    [Fact]
    public void FW_8_a_foreign_rule_of_postrouting_is_left_alone()
    {
        const string Foreign = "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n";

        IptablesPlan plan = Plan($"*nat\n:POSTROUTING ACCEPT [0:0]\n{Foreign}COMMIT\n", Traffic.Both)!;

        Assert.Equal(Filter + s_nat, plan.Payload);
    }

    [Fact]
    public void FW_9_nothing_is_run_where_everything_is_there()
    {
        IptablesListing after = Traffic.After(Plan(Nothing, Traffic.Both)!);

        Assert.Null(IptablesPlan.Make(after, Traffic.Both, new PrintedRules()));
    }

    [Fact]
    public void FW_3_FW_4_rules_are_torn_down_by_a_line_each_in_their_order_and_grouped_by_table()
    {
        IptablesListing after = Traffic.After(Plan(Nothing, Traffic.Both)!);

        IptablesPlan plan = IptablesPlan.MakeRemoval(after)!;

        Assert.Equal(TornDown(Filter) + TornDown(s_nat), plan.Payload);
        Assert.Equal(12, plan.Findings.Count); // eight rules, and a jump and a chain in each table
    }

    [Fact]
    public void FW_7_rules_of_ipv6_are_torn_down_the_same_way()
    {
        string[] rules =
        [
            "-A FLANNEL-FWD -s fd00:10:244::/56 -m comment --comment \"flanneld forward\" -j ACCEPT",
            "-A FLANNEL-FWD -d fd00:10:244::/56 -m comment --comment \"flanneld forward\" -j ACCEPT",
            "-A POSTROUTING -m comment --comment \"flanneld masq\" -j FLANNEL-POSTRTG",
            "-A FLANNEL-POSTRTG -s fd00:10:244::/56 ! -d ff00::/8 -m comment --comment \"flanneld masq\" -j MASQUERADE",
        ];

        IptablesPlan plan = IptablesPlan.MakeRemoval(IptablesListing.Parse(
            $"*filter\n:FLANNEL-FWD - [0:0]\n{rules[0]}\n{rules[1]}\nCOMMIT\n"
            + $"*nat\n:POSTROUTING ACCEPT [0:0]\n:FLANNEL-POSTRTG - [0:0]\n{rules[2]}\n{rules[3]}\nCOMMIT\n"))!;

        Assert.Equal(
            rules.Select(rule => $"-D{rule[2..]}"),
            plan.Payload.Split('\n').Where(line => line.StartsWith("-D", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a rule is missing", "-A FLANNEL-POSTRTG -s 10.42.0.0/16 -d 10.42.1.0/24 ", "")]
    [InlineData("a rule is there twice", "-A FLANNEL-POSTRTG -m mark ", "-A FLANNEL-POSTRTG -m mark --mark "
        + "0x4000/0x4000 -m comment --comment \"flanneld masq\" -j RETURN\n-A FLANNEL-POSTRTG -m mark ")]
    [InlineData("a rule of the network that is not wanted", "-A FLANNEL-POSTRTG -m mark ", "-A FLANNEL-POSTRTG -s "
        + "10.42.9.0/24 -d 10.42.0.0/16 -m comment --comment \"flanneld masq\" -j RETURN\n-A FLANNEL-POSTRTG -m mark ")]
    public void What_stock_does_not_notice_is_put_right_in_one_transaction(string what, string found, string replaced)
    {
        string nat = s_nat.Replace("*nat\n", "*nat\n:POSTROUTING ACCEPT [0:0]\n");
        string broken = replaced.Length > 0
            ? nat.Replace(found, replaced)
            : string.Join('\n', nat.Split('\n').Where(line => !line.StartsWith(found, StringComparison.Ordinal)));
        Assert.NotEqual(nat, broken);

        IptablesPlan plan = Plan(broken, Traffic.Both with { Forward = false })!;

        Assert.Equal(["rules of FLANNEL-POSTRTG"], plan.Findings);
        Assert.True(
            s_nat.Replace("-A POSTROUTING -m comment --comment \"flanneld masq\" -j FLANNEL-POSTRTG\n", "")
                == plan.Payload, what);
    }

    [Theory]
    [InlineData("FLANNEL-FWD", "-j DROP")]
    [InlineData("FLANNEL-FWD", "-s 10.99.0.0/16 -j ACCEPT")]
    [InlineData("FLANNEL-FWD", "-s 10.0.0.0/8 -m comment --comment \"flanneld forward\" -j DROP")]
    [InlineData("FLANNEL-POSTRTG", "-j MASQUERADE")]
    [InlineData("FLANNEL-POSTRTG", "-d 10.42.1.0/24 -j SNAT --to-source 172.16.0.2")]
    [InlineData("FLANNEL-POSTRTG", "-m comment --comment \"flanneld masq\" -j ACCEPT")]
    public void A_rule_that_no_daemon_has_made_goes_from_the_chains_and_those_of_another_network_stay(
        string chain, string foreign)
    {
        string second = string.Join('\n', (Filter + s_nat).Split('\n')
            .Where(line => line.StartsWith($"-A {chain} ", StringComparison.Ordinal)
                && line.Contains("10.42.", StringComparison.Ordinal))
            .Select(line => line.Replace("10.42.", "10.43.")));
        string both = (Filter + s_nat)
            .Replace("*filter\n", "*filter\n:FORWARD ACCEPT [0:0]\n")
            .Replace("*nat\n", "*nat\n:POSTROUTING ACCEPT [0:0]\n")
            .Replace(chain == "FLANNEL-FWD" ? "-A FORWARD" : "-A POSTROUTING",
                second + (chain == "FLANNEL-FWD" ? "\n-A FORWARD" : "\n-A POSTROUTING"));
        Assert.Null(Plan(both, Traffic.Both));

        foreach (string broken in (string[])
            [
                both.Replace($":{chain} - [0:0]\n", $":{chain} - [0:0]\n-A {chain} {foreign}\n"), // first
                both.Replace(second, $"-A {chain} {foreign}\n{second}"),
                both.Replace(second, $"{second}\n-A {chain} {foreign}"), // last
            ])
        {
            Assert.NotEqual(both, broken);

            IptablesPlan plan = Plan(broken, Traffic.Both)!;

            Assert.Equal([$"rules of {chain}"], plan.Findings);
            Assert.Single(plan.Payload.Split('\n'), "COMMIT");
            Assert.StartsWith($":{chain} - [0:0]", plan.Payload.Split('\n')[1], StringComparison.Ordinal);
            Assert.Equal(
                both.Split('\n').Where(line => line.StartsWith($"-A {chain}", StringComparison.Ordinal)).Order(),
                plan.Payload.Split('\n').Where(line => line.StartsWith("-A", StringComparison.Ordinal)).Order());
            Assert.Null(Plan(
                plan.Payload.Replace(
                    "COMMIT",
                    ":FORWARD ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n" + (chain == "FLANNEL-FWD"
                        ? $"-A FORWARD {IptablesRules.ForwardJump}\nCOMMIT"
                        : $"-A POSTROUTING {IptablesRules.MasqueradeJump}\nCOMMIT")),
                Traffic.Both with { Forward = chain == "FLANNEL-FWD", Masquerade = chain != "FLANNEL-FWD" }));
        }
    }

    [Fact]
    public void Rules_out_of_order_and_jumps_that_are_there_twice_are_put_right()
    {
        string[] lines = s_nat.Replace("*nat\n", "*nat\n:POSTROUTING ACCEPT [0:0]\n").Split('\n');
        (lines[4], lines[7]) = (lines[7], lines[4]);
        string broken = string.Join('\n', lines).Replace(
            "COMMIT", "-A POSTROUTING -m comment --comment \"flanneld masq\" -j FLANNEL-POSTRTG\nCOMMIT");

        IptablesPlan plan = Plan(broken, Traffic.Both with { Forward = false })!;

        Assert.Equal(2, plan.Findings.Count);
        Assert.Equal(2, plan.Payload.Split('\n').Count(
            line => line.StartsWith("-D POSTROUTING", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_networks_of_one_host_share_the_chains_and_neither_works_against_the_other()
    {
        OverlayTraffic second = Traffic.Of("10.43.0.0/16", "10.43.7.0/24");
        IptablesListing afterFirst = Traffic.After(Plan(Nothing, Traffic.Both)!);
        IptablesPlan both = IptablesPlan.Make(afterFirst, second, new PrintedRules())!;
        IptablesListing afterBoth = Traffic.After(both with
        {
            Payload = both.Payload
                .Replace("COMMIT\n*nat", $"-A FORWARD {IptablesRules.ForwardJump}\nCOMMIT\n*nat")
                [..^"COMMIT\n".Length] + $"-A POSTROUTING {IptablesRules.MasqueradeJump}\nCOMMIT\n",
        });

        Assert.Null(IptablesPlan.Make(afterBoth, second, new PrintedRules()));
        Assert.Null(IptablesPlan.Make(afterBoth, Traffic.Both, new PrintedRules()));

        // Without the second's masquerade the first's stays whole, with the rule that names no network.
        IptablesPlan forwardOnly = IptablesPlan.Make(
            afterBoth, second with { Masquerade = false }, new PrintedRules())!;
        Assert.Equal(5, forwardOnly.Payload.Split('\n').Count(
            line => line.StartsWith("-D FLANNEL-POSTRTG ", StringComparison.Ordinal)));
        Assert.DoesNotContain("--mark", forwardOnly.Payload, StringComparison.Ordinal);

        // The end of the second leaves the first's.
        IptablesPlan gone = IptablesPlan.Make(afterBoth, second.WithoutRules, new PrintedRules())!;
        Assert.DoesNotContain("10.42.", gone.Payload, StringComparison.Ordinal);
        Assert.DoesNotContain("-X", gone.Payload, StringComparison.Ordinal);
        Assert.Equal(7, gone.Payload.Split('\n').Count(line => line.StartsWith("-D", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rules_of_a_former_subnet_and_of_a_former_network_go_with_the_same_transaction()
    {
        IptablesListing after = Traffic.After(Plan(Nothing, Traffic.Both)!);

        IptablesPlan moved = IptablesPlan.Make(
            after, Traffic.Both with { Subnet = Ipv4Prefix.Parse("10.42.9.0/24") }, new PrintedRules())!;
        IptablesPlan changed = IptablesPlan.Make(
            after, Traffic.Of("10.50.0.0/16", "10.50.1.0/24") with { Former = Traffic.Both.Network },
            new PrintedRules())!;

        Assert.Equal(["rules of FLANNEL-POSTRTG"], moved.Findings);
        Assert.DoesNotContain("10.42.1.0/24", moved.Payload, StringComparison.Ordinal);
        Assert.DoesNotContain("10.42.", changed.Payload, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_asked_for_any_longer_goes_with_chain_and_jump()
    {
        IptablesListing after = Traffic.After(Plan(Nothing, Traffic.Both)!);

        IptablesPlan plan = IptablesPlan.Make(after, Traffic.Both with { Masquerade = false }, new PrintedRules())!;

        Assert.Equal(["rules of FLANNEL-POSTRTG"], plan.Findings);
        string[] lines = plan.Payload.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("-D POSTROUTING", lines[1], StringComparison.Ordinal); // or the chain could not be deleted
        Assert.Equal("-X FLANNEL-POSTRTG", lines[^2]);
    }

    [Fact]
    public void A_version_that_prints_a_rule_in_other_words_does_not_have_it_made_again_and_again()
    {
        IptablesPlan plan = Plan(Nothing, Traffic.Both)!;
        IptablesListing found = Traffic.After(plan with
        {
            Payload = plan.Payload.Replace("0x4000/0x4000", "0x00004000/0x00004000"),
        });
        var printed = new PrintedRules();
        Assert.NotNull(IptablesPlan.Make(found, Traffic.Both, printed));

        printed.Learn(
            IptablesListing.Parse(plan.Payload).RulesOf("nat", IptablesRules.MasqueradeChain),
            found.RulesOf("nat", IptablesRules.MasqueradeChain));

        Assert.Null(IptablesPlan.Make(found, Traffic.Both, printed));
    }

    [Theory]
    // Docker without --ip-masq=false, behind a rule of kube-proxy's
    [InlineData(2, """
        -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
        -A KUBE-POSTROUTING -j MASQUERADE --random-fully
        -A POSTROUTING -s 10.42.1.0/24 ! -o docker0 -j MASQUERADE
        """)]
    // the bridge plugin with ipMasq, a pod a chain
    [InlineData(1, """
        -A POSTROUTING -s 10.42.1.7/32 -m comment --comment "name: \"cbr0\"" -j CNI-1
        -A CNI-1 -d 10.42.1.0/24 -j ACCEPT
        -A CNI-1 ! -d 224.0.0.0/4 -j MASQUERADE
        """)]
    [InlineData(1, "-A POSTROUTING -j MASQUERADE")]
    [InlineData(1, "-A POSTROUTING -s 10.0.0.0/8 -o flannel+ -j SNAT --to-source 172.16.0.2")]
    // of other networks, of what leaves the overlay, or after it is let pass
    [InlineData(null, "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")]
    [InlineData(null, "-A POSTROUTING -s 10.42.0.0/16 ! -d 10.42.0.0/16 -j MASQUERADE")]
    [InlineData(null, "-A POSTROUTING -o eth0 -j MASQUERADE")]
    [InlineData(null, "-A POSTROUTING -s 10.42.0.0/16 -p tcp -m tcp --dport 80 -j MASQUERADE")]
    [InlineData(null, """
        -A POSTROUTING -s 10.42.0.0/16 -d 10.42.0.0/16 -j ACCEPT
        -A POSTROUTING -s 10.42.0.0/16 -j MASQUERADE
        """)]
    public void W9_a_masquerade_of_others_before_ours_is_passed(int? place, string rules)
    {
        string chains = ":POSTROUTING ACCEPT [0:0]\n:KUBE-POSTROUTING - [0:0]\n:CNI-1 - [0:0]\n";
        IptablesPlan plan = Plan(
            $"*nat\n{chains}{rules}\nCOMMIT\n", Traffic.Both with { Forward = false })!;

        Assert.Contains(
            place is null ? $"-A POSTROUTING {IptablesRules.MasqueradeJump}\n"
                : $"-I POSTROUTING {place} {IptablesRules.MasqueradeJump}\n",
            plan.Payload, StringComparison.Ordinal);

        // A RETURN would lead to the other's rule.
        string end = place is null ? "RETURN" : "ACCEPT";
        Assert.Contains(
            $"-s 10.42.1.0/24 -d 10.42.0.0/16 -m comment --comment \"flanneld masq\" -j {end}\n", plan.Payload,
            StringComparison.Ordinal);
        Assert.Contains(
            $"-s 10.42.0.0/16 -d 10.42.1.0/24 -m comment --comment \"flanneld masq\" -j {end}\n", plan.Payload,
            StringComparison.Ordinal);
        Assert.Contains("0x4000/0x4000 -m comment --comment \"flanneld masq\" -j RETURN\n", plan.Payload,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_that_flannel_up_to_0_19_has_left_in_postrouting_itself_go_and_others_keep_theirs()
    {
        const string Masquerade = "-m comment --comment \"flanneld masq\"";
        string[] older =
        [
            $"-s 10.42.0.0/16 -d 10.42.0.0/16 {Masquerade} -j RETURN",
            $"-s 10.42.0.0/16 ! -d 224.0.0.0/4 {Masquerade} -j MASQUERADE --random-fully",
        ];
        IptablesPlan plan = Plan(
            $"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING {older[0]}\n-A POSTROUTING {older[1]}\n-A POSTROUTING -s "
                + $"10.43.0.0/16 {Masquerade} -j RETURN\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n",
            Traffic.Both with { Forward = false })!;

        Assert.Equal(
            [$"-D POSTROUTING {older[0]}", $"-D POSTROUTING {older[1]}"],
            plan.Payload.Split('\n').Where(line => line.StartsWith("-D", StringComparison.Ordinal)));
        Assert.Contains("-I POSTROUTING 2 ", plan.Payload, StringComparison.Ordinal); // before the last
        Assert.Contains("rules of an older flannel in POSTROUTING", plan.Findings);
    }

    private static IptablesPlan? Plan(string saved, OverlayTraffic traffic) =>
        IptablesPlan.Make(IptablesListing.Parse(saved), traffic, new PrintedRules());

    // Jumps stand behind the rules of the chain here, and chains go last.
    private static string TornDown(string made)
    {
        string[] lines = made.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string chain = lines[1].Split(' ')[0][1..];
        string[] rules = [.. lines[2..^1].Select(line => $"-D{line[2..]}")];
        return string.Join('\n', [lines[0], rules[^1], .. rules[..^1], $"-X {chain}", "COMMIT"]) + "\n";
    }
}
