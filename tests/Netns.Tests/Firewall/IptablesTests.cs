using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Firewall;

/// <summary>Flannel's rules by both kinds of iptables, on a real host.</summary>
public sealed class IptablesTests : LabTest
{
    private const string Config = """{"Network":"10.42.0.0/16","Backend":{"Type":"udp","Port":8285}}""";
    private const string Jump = "-A FORWARD -m comment --comment \"flanneld forward\" -j FLANNEL-FWD";

    // Docker's without --ip-masq=false, where its bridge has the host's subnet.
    private const string Dockers = "-A POSTROUTING -s 10.42.0.0/16 ! -o docker0 -j MASQUERADE";

    // What Docker and a host with a firewall have in FORWARD, and kube-proxy.
    private static readonly string[] s_before =
        ["-N KUBE-FORWARD", "-A FORWARD -j KUBE-FORWARD", "-A FORWARD -j REJECT", "-P FORWARD DROP"];

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void FW_20_FW_21_W1_W2_W4_W5_the_rules_are_stocks_pass_what_rejects_and_come_back_when_they_are_taken(
        string variant)
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config);
        var tools = new FirewallTools(lab, 1, variant);
        Array.ForEach(s_before, tools.Rule);
        RunningProgram daemon = tools.Start("--ip-masq", "--iptables-resync", "3600"); // no look by the clock
        RunningProgram peer = lab.Start(2);
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        lab.AttachPod(2, lab.WaitUntilReady(peer, 2));

        Assert.Contains("FLANNEL_IPMASQ=true", File.ReadAllText(lab.Host(1).SubnetFile), StringComparison.Ordinal);
        IReadOnlyList<string> nat = tools.Rules("nat", "FLANNEL");
        Assert.Equal(
            Masquerade(lab.Subnet(1).Subnet),
            nat.Where(line => line.StartsWith("-A", StringComparison.Ordinal))
                .OrderByDescending(line => line.StartsWith("-A POSTROUTING", StringComparison.Ordinal)));
        Assert.Equal(["-A FORWARD -j KUBE-FORWARD", Jump, "-A FORWARD -j REJECT --reject-with icmp-port-unreachable"],
            tools.Rules("filter", "-A FORWARD"));
        Assert.Equal(Accept(), tools.Rules("filter", "-A FLANNEL-FWD"));
        lab.AwaitPath(1, 2); // through DROP and REJECT

        // Each kind of damage is one repair, at the kernel's word or at the next glance.
        int repairs = 0;
        Damage("-F", "chain FLANNEL-FWD, jump of FORWARD to FLANNEL-FWD");
        Damage("-I FORWARD 1 -j REJECT", "place of the jump of FORWARD");
        Damage("-t nat -I FLANNEL-POSTRTG 3 -s 10.42.0.0/16 -j ACCEPT", "rules of FLANNEL-POSTRTG");
        Damage("-I FLANNEL-FWD -j DROP", "rules of FLANNEL-FWD");
        Assert.Equal(Accept(), tools.Rules("filter", "-A FLANNEL-FWD"));
        Assert.Equal(repairs, Repairs());

        // What is not ours to put right is said once, with what to type.
        tools.Rule("-A INPUT -p udp -m udp --dport 8285 -j REJECT");
        daemon.AwaitError("let it in: iptables -I INPUT -p udp --dport 8285 -j ACCEPT");

        void Damage(string words, string finding)
        {
            tools.Rule(words);
            long taken = Stopwatch.GetTimestamp();
            daemon.AwaitError($"deleting and recreating rules: {finding}");
            lab.AwaitPath(1, 2);
            repairs++;
            Print($"{finding}: back after {Stopwatch.GetElapsedTime(taken).TotalMilliseconds:0} ms");
        }

        int Repairs() => daemon.Errors.Count(line => line.Contains("recreating rules", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy")]
    public void FW_8_FW_9_W9_What_leaves_the_overlay_is_masqueraded_and_pods_keep_their_addresses_whatever_others_do(
        string variant)
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config);
        var tools = new FirewallTools(lab, 1, variant);
        tools.Rule($"-t nat {Dockers}");
        RunningProgram daemon = tools.Start("--ip-masq");
        RunningProgram peer = lab.Start(2);
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        lab.AttachPod(2, lab.WaitUntilReady(peer, 2));
        lab.AwaitPath(1, 2);
        using var pod = new Pinger(lab.Host(1).PodNamespace);

        // The other host sees this host's address, and its pod the pod's own.
        using var wire = new PacketWatch(lab.Host(2).HostNamespace, "eth0");
        using var bridge = new PacketWatch(lab.Host(2).HostNamespace, "veth0");
        Assert.True(pod.Series(lab.Host(2).UnderlayAddress, 3, CancellationToken.None).AllAnswered);
        Assert.True(pod.Series(lab.Pod(2), 3, CancellationToken.None).AllAnswered);
        Assert.Equal(lab.Host(1).UnderlayAddress, SourceOfPing(wire, lab.Host(2).UnderlayAddress));
        Assert.Equal(lab.Pod(1), SourceOfPing(bridge, lab.Pod(2)));
        string before = lab.Subnet(1).Subnet;
        string jump = Masquerade(before)[0];
        Assert.Equal([jump, Dockers], tools.Rules("nat", "-A POSTROUTING"));

        // Rules that are right are left as they are by the next start.
        int restores = tools.Restores;
        Assert.True(restores > 0);
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit().ExitCode);
        daemon = tools.Start("--ip-masq");
        _ = lab.WaitUntilReady(daemon, 1);
        Assert.Equal(restores, tools.Restores);

        // Without the other's rule they are stock's, word for word; and they follow the subnet.
        tools.Rule($"-t nat -D{Dockers[2..]}");
        Await(() => tools.Rules("nat", "-A FLANNEL-POSTRTG").SequenceEqual(Masquerade(before)[1..]));
        lab.WriteLease(before, "172.16.0.77");
        daemon.AwaitError("subnet changed from ");
        string after = SubnetFacts.Read(lab.Host(1).SubnetFile).Subnet;
        Assert.NotEqual(before, after);
        Await(() => tools.Rules("nat", after).Count == 3 && tools.Rules("nat", before).Count == 0);
        Assert.Equal(Masquerade(after)[1..], tools.Rules("nat", "-A FLANNEL-POSTRTG"));
    }

    [Theory]
    [InlineData("nft", "legacy")]
    [InlineData("legacy", "nft")]
    public void W7_what_the_other_kind_of_iptables_drops_is_said_and_pods_reach_each_other_once_the_line_was_typed(
        string variant, string other)
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config);
        var twin = new FirewallTools(lab, 1, other);
        twin.Rule("-P FORWARD DROP");
        RunningProgram daemon = new FirewallTools(lab, 1, variant).Start();
        RunningProgram peer = lab.Start(2);
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        lab.AttachPod(2, lab.WaitUntilReady(peer, 2));

        daemon.AwaitError($"accept it: iptables-{other} -I FORWARD -s 10.42.0.0/16 -j ACCEPT");
        twin.Rule("-I FORWARD -s 10.42.0.0/16 -j ACCEPT");
        twin.Rule("-I FORWARD -d 10.42.0.0/16 -j ACCEPT");
        lab.AwaitPath(1, 2);
    }

    [Theory]
    [InlineData("false", ": iptables is not installed; install the package iptables")]
    [InlineData("true", ": nft is not installed; install the package nftables")]
    public void Without_iptables_or_nft_there_is_one_line_and_pods_reach_each_other(string withNft, string line)
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config.Replace("\"Backend\"", $"\"EnableNFTables\":{withNft},\"Backend\""));
        RunningProgram daemon = new FirewallTools(lab, 1, variant: null).Start("--ip-masq", "--iptables-resync", "1");
        RunningProgram peer = new FirewallTools(lab, 2, variant: null).Start();
        lab.AttachPod(1, lab.WaitUntilReady(daemon, 1));
        lab.AttachPod(2, lab.WaitUntilReady(peer, 2));
        lab.AwaitPath(1, 2);
        lab.AwaitPath(2, 1);
        Assert.Single(daemon.Errors, error => error.EndsWith(line, StringComparison.Ordinal));
    }

    [Fact]
    public void W11_a_lock_that_another_program_holds_is_one_line_with_its_name_and_the_rules_come_once_it_is_free()
    {
        FirewallTools.Require();
        TestLab lab = NewLab(2, Config);
        string file = Path.Combine(lab.Plan.Directory, "xtables.lock");
        var tools = new FirewallTools(lab, 1, "legacy") { LockFile = file };
        RunningProgram daemon;
        using (FileStream? held = LockFile.TryHold(file))
        {
            Assert.NotNull(held);
            daemon = tools.Start("--iptables-resync", "1");
            daemon.AwaitError($"Stopped waiting after 5s; it is open in process {Environment.ProcessId} (");
            Assert.Contains(
                "xtables lock", lab.AwaitWarning(1, "firewall-rules-missing").Cause, StringComparison.Ordinal);
        }

        daemon.AwaitError("firewall rules can be looked after again");
        Assert.Single(daemon.Errors, line => line.Contains("xtables lock", StringComparison.Ordinal));
        Assert.Equal(Accept(), tools.Rules("filter", "-A FLANNEL-FWD"));
    }

    private static IPAddress? SourceOfPing(PacketWatch watch, IPAddress destination) => watch.First(
        (header, _) => header.Protocol == IpProtocols.Icmp && header.Destination.ToIPAddress().Equals(destination),
        TimeSpan.Zero)?.Source.ToIPAddress();

    private static string[] Masquerade(string subnet) =>
    [
        "-A POSTROUTING -m comment --comment \"flanneld masq\" -j FLANNEL-POSTRTG",
        "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment \"flanneld masq\" -j RETURN",
        $"-A FLANNEL-POSTRTG -s {subnet} -d 10.42.0.0/16 -m comment --comment \"flanneld masq\" -j RETURN",
        $"-A FLANNEL-POSTRTG -s 10.42.0.0/16 -d {subnet} -m comment --comment \"flanneld masq\" -j RETURN",
        $"-A FLANNEL-POSTRTG ! -s 10.42.0.0/16 -d {subnet} -m comment --comment \"flanneld masq\" -j RETURN",
        "-A FLANNEL-POSTRTG -s 10.42.0.0/16 ! -d 224.0.0.0/4 -m comment --comment \"flanneld masq\" -j MASQUERADE "
            + "--random-fully",
        "-A FLANNEL-POSTRTG ! -s 10.42.0.0/16 -d 10.42.0.0/16 -m comment --comment \"flanneld masq\" -j MASQUERADE "
            + "--random-fully",
    ];

    private static IReadOnlyList<string> Accept() =>
    [
        "-A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment \"flanneld forward\" -j ACCEPT",
        "-A FLANNEL-FWD -d 10.42.0.0/16 -m comment --comment \"flanneld forward\" -j ACCEPT",
    ];
}
