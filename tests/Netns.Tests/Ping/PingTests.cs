using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Ping;

/// <summary><c>overlay ping</c> between real daemons, and what it says of each layer that fails.</summary>
public sealed class PingTests(PingTests.Pair pair) : LabTest, IClassFixture<PingTests.Pair>
{
    private const string Input = "iptables -w {0} INPUT -p udp --dport 8285";

    [Fact]
    public void A_peer_answers_with_its_version_and_every_layer_of_a_healthy_way_works()
    {
        TestLab lab = Share(pair.Lab);
        CommandResult plain = Overlay(lab, "ping", "172.16.0.4", "--count", "1");
        Assert.True(plain.Succeeded, plain.Output + plain.Error);
        Assert.Contains($"172.16.0.4 ({lab.Subnet(2).Subnet}): ", plain.Output, StringComparison.Ordinal);
        Assert.Contains(", overlay 0.", plain.Output, StringComparison.Ordinal);

        JsonElement report = Explain(lab, $"{lab.Pod(2)}", exitCode: 0);
        Assert.Equal(
            ["lease ok", "underlay ok", "port ok", "path-mtu ok", "overlay ok", "pod ok"],
            report.GetProperty("steps").EnumerateArray().Select(
                step => $"{step.GetProperty("layer").GetString()} {step.GetProperty("result").GetString()}"));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("fails").ValueKind);
    }

    [Theory]
    [InlineData(
        "a REJECT on the peer", $"{Input} -j REJECT --reject-with icmp-admin-prohibited", "-I", "-D", "port",
        "rejects UDP port 8285", "iptables -I INPUT -p udp --dport 8285 -j ACCEPT")]
    [InlineData(
        "a REJECT as of a closed port", $"{Input} -j REJECT", "-I", "-D", "port", "nobody listens on UDP port 8285",
        "systemctl start overlay")]
    [InlineData(
        "a DROP on the way", $"{Input} -j DROP", "-I", "-D", "port", "dropped in silence",
        "iptables -I INPUT -p udp --dport 8285 -j ACCEPT")]
    [InlineData(
        "a missing accept in FORWARD", "iptables -w -P FORWARD {0}", "DROP", "ACCEPT", "pod",
        "FORWARD chain drops", "iptables -I FORWARD -i flannel0 -j ACCEPT")]
    [InlineData(
        "a REJECT of what leaves the tunnel", "iptables -w {0} INPUT -i flannel0 -j REJECT --reject-with "
            + "icmp-host-prohibited", "-I", "-D", "overlay", "host prohibited", "--add-interface=flannel0")]
    public void The_layer_that_fails_is_named_with_what_to_type(
        string fault, string command, string putIn, string takeOut, string layer, string meaning, string fix)
    {
        TestLab lab = Share(pair.Lab);
        FirewallTools.Require();
        Print(fault);
        OnPeer(lab, string.Format(null, command, putIn));
        try
        {
            Fails(lab, $"{lab.Pod(2)}", layer, meaning, fix);
        }
        finally
        {
            OnPeer(lab, string.Format(null, command, takeOut));
        }
    }

    [Fact]
    public void A_peer_that_drops_what_is_shorter_than_a_header_as_stock_does_is_told_from_one_that_is_filtered()
    {
        TestLab lab = Share(pair.Lab);
        FirewallTools.Require();
        const string Short = "iptables -w {0} INPUT -p udp --dport 8285 -m length --length 0:47 -j DROP";
        OnPeer(lab, string.Format(null, Short, "-I"));
        try
        {
            JsonElement report = Explain(lab, $"{lab.Pod(2)}", exitCode: 0);
            Assert.Contains(
                "the peer runs stock flannel", report.GetProperty("meaning").GetString(), StringComparison.Ordinal);

            CommandResult plain = Overlay(lab, "ping", "172.16.0.4", "--count", "1");
            Assert.True(plain.Succeeded, plain.Output + plain.Error);
            Assert.Contains("icmp, ttl 62", plain.Output, StringComparison.Ordinal);
        }
        finally
        {
            OnPeer(lab, string.Format(null, Short, "-D"));
        }
    }

    [Fact]
    public void A_path_that_takes_only_shorter_packets_is_found_with_its_length()
    {
        TestLab lab = Share(pair.Lab);
        lab.Ip.Batch(lab.Plan.WireNamespace, ["link set h2 mtu 1400"]);
        try
        {
            JsonElement report = Fails(lab, $"{lab.Pod(2)}", "path-mtu", "1400 ok, 1401 lost", "--mtu 1372");
            Assert.Equal("1400 ok, 1401 lost", Step(report, "path-mtu"));
        }
        finally
        {
            lab.Ip.Batch(lab.Plan.WireNamespace, ["link set h2 mtu 1500"]);
        }
    }

    [Fact]
    public void A_daemon_that_is_stopped_and_then_its_lease_that_has_ended_are_told_apart()
    {
        TestLab lab = NewLab(2);
        RunningProgram peer = lab.BringUp(1, 2)[1];
        peer.Signal("KILL");
        _ = peer.WaitForExit();
        Fails(lab, "172.16.0.4", "port", "its daemon is stopped", "on 172.16.0.4: systemctl start overlay");

        File.Delete(lab.LeaseFile(lab.Subnet(2).Subnet));
        Await(() => lab.Counters(1).Routes == 0);
        Fails(lab, "172.16.0.4", "lease", "172.16.0.4 holds no lease", "systemctl restart overlay");
        Fails(lab, $"{lab.Pod(2)}", "lease", "its lease has ended", "overlay lease list");
    }

    [Fact]
    public void A_lease_that_names_an_address_that_no_host_has_fails_at_the_underlay()
    {
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1);
        lab.WriteLease("10.244.77.0/24", "172.16.0.99");
        Await(() => lab.Counters(1).Routes == 1);
        Fails(lab, "10.244.77.5", "underlay", "its lease names an address that it does not have", "--public-ip");
    }

    private static JsonElement Fails(TestLab lab, string target, string layer, string meaning, string fix)
    {
        JsonElement report = Explain(lab, target, exitCode: 1);
        Assert.Equal(layer, report.GetProperty("fails").GetString());
        Assert.Contains(meaning, report.GetProperty("meaning").GetString(), StringComparison.Ordinal);
        Assert.Contains(fix, report.GetProperty("fix").GetString(), StringComparison.Ordinal);
        return report;
    }

    private static string? Step(JsonElement report, string layer) => report.GetProperty("steps").EnumerateArray()
        .Single(step => step.GetProperty("layer").GetString() == layer).GetProperty("detail").GetString();

    private static JsonElement Explain(TestLab lab, string target, int exitCode)
    {
        CommandResult result = Overlay(lab, "ping", target, "--explain", "--json");
        Print(result.Output);
        Assert.True(result.ExitCode == exitCode, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        using var report = JsonDocument.Parse(result.Output);
        return report.RootElement.Clone();
    }

    private static CommandResult Overlay(TestLab lab, params IReadOnlyList<string> words) => lab.Run(
        lab.Host(1).HostNamespace,
        [RunningProgram.OverlayPath, .. words, "--run-dir", lab.Host(1).RunDirectory]);

    private static void OnPeer(TestLab lab, string command)
    {
        CommandResult done = lab.Run(lab.Host(2).HostNamespace, "sh", "-e", "-c", command);
        Assert.True(done.Succeeded, done.Error);
    }

    /// <summary>Two hosts whose daemons leave FORWARD to others.</summary>
    public sealed class Pair() : SharedPair("--iptables-forward-rules=false");
}
