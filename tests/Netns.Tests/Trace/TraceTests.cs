using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Trace;

/// <summary><c>overlay trace</c> between real pods: each stop of both hosts, and where a packet that is dropped stops.
/// </summary>
public sealed class TraceTests(SharedPair pair) : LabTest, IClassFixture<SharedPair>
{
    private static readonly string[] s_way =
    [
        "pod eth0", "veth veth0", "bridge cni0", "tunnel flannel0", "daemon overlay", "underlay eth0",
        "underlay eth0", "daemon overlay", "tunnel flannel0", "bridge cni0", "veth veth0", "pod eth0",
    ];

    [Fact]
    public void One_ping_is_seen_at_every_stop_of_both_hosts_there_and_back()
    {
        TestLab lab = Share(pair.Lab);
        JsonElement report = Trace(lab, 0, $"{lab.Pod(2)}");

        Assert.Equal(s_way, Words(report, "request"));
        Assert.Equal(s_way, Words(report, "reply"));
        Assert.True(report.GetProperty("answered").GetBoolean());
        JsonElement[] stops = [.. report.GetProperty("stops").EnumerateArray()];
        Assert.Equal(Enumerable.Range(1, 24), stops.Select(stop => stop.GetProperty("number").GetInt32()));

        // The pod's route and its host's daemon each take one; the other's daemon and route, too.
        Assert.Equal(
            [64, 64, 64, 63, 62, 62, 62, 61, 61, 60, 60, 60], stops.Take(12).Select(
                stop => stop.GetProperty("ttl").GetInt32()));
        Assert.Equal(
            [98, 98, 98, 84, 84, 126, 126, 84, 84, 98, 98, 98], stops.Take(12).Select(
                stop => stop.GetProperty("length").GetInt32()));
        Assert.All(stops, stop => Assert.Equal(
            stop.GetProperty("stop").GetString() is not ("tunnel" or "daemon"),
            stop.TryGetProperty("sourceMac", out _)));
        Assert.Equal(
            stops[0].GetProperty("sourceMac").GetString(), stops[2].GetProperty("sourceMac").GetString());
        JsonElement wire = stops[5].GetProperty("frame").GetProperty("outer");
        Assert.Equal("172.16.0.4", wire.GetProperty("destination").GetString());
        Assert.Equal(
            stops.Skip(1).Sum(stop => stop.GetProperty("microseconds").GetDouble()),
            report.GetProperty("roundTripMicroseconds").GetDouble(), 3);

        CommandResult text = Overlay(lab, $"{lab.Pod(2)}");
        Print(text.Output);
        Assert.All(text.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
        Assert.Contains("in 172.16.0.5.8285 > 172.16.0.4.8285: UDP, ttl 64, DF", text.Output, StringComparison.Ordinal);
        Assert.Contains("packet 126 B = eth 14 + ip 20 + udp 8 + inner 84", text.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vxlan", "tunnel flannel.1", 148)]
    [InlineData("host-gw", null, 98)]
    public void Where_the_kernel_forwards_the_daemon_is_no_stop_and_that_is_said(
        string backend, string? tunnel, int wireBytes)
    {
        TestLab lab = NewLab(2, $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"{{{backend}}}"}}""");
        _ = lab.BringUp(1, 2);
        JsonElement report = Trace(lab, 0, $"{lab.Pod(2)}");
        string[] half = ["pod eth0", "veth veth0", "bridge cni0", .. tunnel is null ? (string[])[] : [tunnel],
            "underlay eth0"];
        Assert.Equal([.. half, .. half.Reverse()], Words(report, "request"));
        Assert.Equal([.. half, .. half.Reverse()], Words(report, "reply"));
        Assert.Equal(wireBytes, report.GetProperty("stops").EnumerateArray().First(
            stop => stop.GetProperty("stop").GetString() == "underlay").GetProperty("length").GetInt32());
        Assert.Contains(Notes(report), note => note.Contains("forwards by itself", StringComparison.Ordinal));
    }

    [Fact]
    public void A_fall_back_is_traced_by_the_way_that_packets_take()
    {
        TestLab lab = NewLab(2, """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
        _ = lab.BringUp([1, 2], _ => ["--fallback", "udp", "--datapath", "user"]);
        Assert.Equal(
            ["tunnel flannel.1", "tunnel flannel.1"],
            Words(Trace(lab, 0, $"{lab.Pod(2)}"), "request").Where(Is("tunnel")));

        FirewallTools.Require();
        _ = With(lab, 2, "INPUT -p udp --dport 8472 -j DROP", () =>
        {
            Await(() => lab.Status(1).Peers.All(peer => peer.Way == "udp")
                && lab.Status(2).Peers.All(peer => peer.Way == "udp"));
            Assert.Equal(s_way, Words(Trace(lab, 0, $"{lab.Pod(2)}"), "request"));
            return true;
        });

        static Func<string, bool> Is(string kind) => words => words.StartsWith(kind, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernel_path_is_traced_as_far_as_it_can_be_seen()
    {
        TestLab lab = NewLab(2);
        lab.Datapath = "kernel";
        _ = lab.BringUp(1, 2);
        lab.AwaitReach(1, 2);
        JsonElement report = Trace(lab, 0, $"{lab.Pod(2)}");
        Assert.Contains("underlay eth0", Words(report, "request"));
        Assert.DoesNotContain("daemon overlay", Words(report, "request"));
        Assert.Contains(
            Notes(report), note => note.Contains("forwards by itself (way kernel)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_host_without_a_daemon_of_ours_is_traced_by_its_kernel_alone()
    {
        TestLab lab = Share(pair.Lab);
        string nowhere = Path.Combine(lab.Plan.Directory, "nobody");
        CommandResult result = lab.Run(
            lab.Host(1).HostNamespace,
            [RunningProgram.OverlayPath, "trace", $"{lab.Pod(2)}", "--json", "--run-dir", nowhere,
                "--subnet-file", lab.Host(1).SubnetFile]);
        Print(result.Output + result.Error);
        Assert.Equal(0, result.ExitCode);
        using var report = JsonDocument.Parse(result.Output);
        Assert.Equal(
            s_way.Where((_, index) => index != 4), Words(report.RootElement, "request")); // the other's is found
        Assert.Contains(
            Notes(report.RootElement), note => note.Contains("no daemon of ours answers", StringComparison.Ordinal));
        Assert.Equal("172.16.0.4", report.RootElement.GetProperty("otherHost").GetString());
    }

    [Theory]
    [InlineData(1, "FORWARD -p icmp -j DROP", "bridge cni0", "tunnel flannel0")]
    [InlineData(2, "INPUT -p udp --dport 8285 -j DROP", "underlay eth0", "daemon overlay")]
    [InlineData(2, "FORWARD -p icmp -j DROP", "tunnel flannel0", "bridge cni0")]
    public void A_packet_that_a_rule_drops_stops_before_it(int host, string rule, string last, string next)
    {
        FirewallTools.Require();
        TestLab lab = Share(pair.Lab);
        JsonElement report = With(lab, host, rule, () => Trace(lab, 1, $"{lab.Pod(2)}"));
        Assert.Equal(last, Words(report, "request")[^1]);
        Assert.Empty(Words(report, "reply"));
        string name = lab.Host(host).UnderlayAddress.ToString();
        Assert.StartsWith(
            $"the request was last seen at {last} of {name}", report.GetProperty("meaning").GetString(),
            StringComparison.Ordinal);
        Assert.Contains(
            $"it does not come to {next} of {name}", report.GetProperty("meaning").GetString(),
            StringComparison.Ordinal);
        Assert.Contains(
            report.GetProperty("commands").EnumerateArray(), command => command.GetString()!.Contains(
                host == 1 ? $"overlay doctor --trace {lab.Pod(2)}" : $"on {name}: overlay doctor --trace {lab.Pod(1)}",
                StringComparison.Ordinal));
    }

    [Fact]
    public void A_packet_that_the_daemon_drops_stops_there_with_the_reason()
    {
        TestLab lab = Share(pair.Lab);
        JsonElement report = Trace(lab, 1, "10.244.250.1");
        Assert.Contains("no_route", report.GetProperty("meaning").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            report.GetProperty("commands").EnumerateArray(), command => command.GetString() == "overlay dump --drops");
    }

    [Fact]
    public void A_rejection_is_told_by_the_icmp_error()
    {
        FirewallTools.Require();
        TestLab lab = Share(pair.Lab);
        JsonElement report = With(
            lab, 2, "FORWARD -p icmp --icmp-type echo-request -j REJECT --reject-with icmp-host-prohibited",
            () => Trace(lab, 1, $"{lab.Pod(2)}"));
        Assert.Contains("an ICMP error says why", report.GetProperty("meaning").GetString(), StringComparison.Ordinal);
        Assert.Contains("prohibited", report.GetProperty("meaning").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_ping_is_from_whom_it_is_asked_for()
    {
        TestLab lab = Share(pair.Lab);
        using var inside = RunningProgram.Start(
            [lab.Ip.ProgramPath, "netns", "exec", lab.Host(1).PodNamespace, "sleep", "600"]);
        Await(() => lab.Run(lab.Host(1).HostNamespace, "ip", "netns", "identify", $"{inside.Id}").Output.Trim()
            == lab.Host(1).PodNamespace);
        string pod = lab.Host(1).PodNamespace;
        string[] ways = [$"{lab.Pod(1)}", $"{inside.Id}", pod, $"/run/netns/{pod}"];
        Assert.All(ways, from => Assert.Equal(
            "pod eth0", Words(Trace(lab, 0, $"{lab.Pod(2)}", "--from", from), "request")[0]));

        JsonElement host = Trace(lab, 0, $"{lab.Pod(2)}", "--from", "host");
        Assert.Equal(s_way[3..], Words(host, "request"));
        Assert.Equal($"{lab.Tunnel(1)}", host.GetProperty("from").GetString());

        JsonElement tunnel = Trace(lab, 0, $"{lab.Tunnel(2)}");
        Assert.Equal(s_way[..9], Words(tunnel, "request"));
    }

    [Fact]
    public void What_cannot_be_traced_is_refused_in_one_line()
    {
        TestLab lab = Share(pair.Lab);
        Refused(lab, 1, "is an address of this host or of a pod on it", $"{lab.Pod(1)}");
        Refused(lab, 1, "is an address of this host or of a pod on it", "172.16.0.5");
        Refused(lab, 1, "is the underlay address of a host", "172.16.0.4");
        Refused(lab, 1, "is not in the overlay's network 10.244.0.0/16", "8.8.8.8");
        Refused(lab, 2, "give an IPv4 address", "pod-7");
        Refused(lab, 1, "no pod of this host has it", $"{lab.Pod(2)}", "--from", "10.244.1.99");
        Refused(lab, 1, "there is no /run/netns/nowhere", $"{lab.Pod(2)}", "--from", "nowhere");
        Refused(lab, 1, "no veth of this host leads to it", $"{lab.Pod(2)}", "--from", lab.Plan.WireNamespace);
        Refused(lab, 1, "could not write --html", $"{lab.Pod(2)}", "--html", "/proc/none.html");
        lab.Ip.Batch(lab.Host(1).PodNamespace, ["route add blackhole 10.244.250.0/24"]);
        try
        {
            JsonElement report = Trace(lab, 1, "10.244.250.1");
            Assert.StartsWith(
                "this host does not send it", report.GetProperty("meaning").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            lab.Ip.Batch(lab.Host(1).PodNamespace, ["route del blackhole 10.244.250.0/24"]);
        }
    }

    [Fact]
    public void A_trace_that_is_ended_leaves_nothing()
    {
        TestLab lab = Share(pair.Lab);
        string file = Path.Combine(lab.Plan.Directory, "trace.html");
        foreach ((string signal, int exitCode) in ((string, int)[])[("INT", 130), ("KILL", 137)])
        {
            CommandResult ended = With(lab, 2, "INPUT -p udp --dport 8285 -j DROP", () =>
            {
                using var trace = RunningProgram.Start(
                [
                    lab.Ip.ProgramPath, "netns", "exec", lab.Host(1).HostNamespace, RunningProgram.OverlayPath, "trace",
                    $"{lab.Pod(2)}", "--timeout", "60", "--html", file, "--run-dir", lab.Host(1).RunDirectory,
                ]);
                Await(() => Sockets(lab) > 3);
                trace.Signal(signal);
                return trace.WaitForExit();
            });
            Assert.Equal(exitCode, ended.ExitCode);
            Await(() => Sockets(lab) == 0);
            Assert.Empty(Directory.GetFiles(lab.Plan.Directory, "trace.html*"));
        }

        lab.AwaitPath(1, 2);
        Assert.Equal(s_way, Words(Trace(lab, 0, $"{lab.Pod(2)}"), "request")); // no capture is in the way
    }

    [Fact]
    public void The_page_has_every_stop_and_its_frame()
    {
        TestLab lab = Share(pair.Lab);
        string file = Path.Combine(lab.Plan.Directory, "way.html");
        File.WriteAllText(file, "what was there before");
        CommandResult result = Overlay(lab, $"{lab.Pod(2)}", "--html", file);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        string page = File.ReadAllText(file);
        Assert.All(
            Enumerable.Range(1, 24),
            number => Assert.Contains($"<details id=\"stop-{number}\"", page, StringComparison.Ordinal));
        Assert.Contains("User Datagram Protocol, Src Port: 8285, Dst Port: 8285", page, StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(lab.Plan.Directory, "way.html*"));
    }

    // Packet sockets in the host's namespace (proc(5)); the first line has the headings.
    private static int Sockets(TestLab lab) => lab.Run(
        lab.Host(1).HostNamespace, "cat", "/proc/net/packet").Output.Trim().Split('\n').Length - 1;

    private static T With<T>(TestLab lab, int host, string rule, Func<T> body)
    {
        void Change(string how)
        {
            CommandResult made = lab.Run(lab.Host(host).HostNamespace, ["iptables", "-w", how, .. rule.Split(' ')]);
            Assert.True(made.Succeeded, made.Error);
        }

        FirewallTools.Require();
        Change("-I");
        try
        {
            return body();
        }
        finally
        {
            Change("-D");
        }
    }

    private static void Refused(TestLab lab, int exitCode, string words, params IReadOnlyList<string> arguments)
    {
        CommandResult result = Overlay(lab, arguments);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(words, Assert.Single(result.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    private static string[] Words(JsonElement report, string packet) =>
    [
        .. report.GetProperty("stops").EnumerateArray()
            .Where(stop => stop.GetProperty("packet").GetString() == packet)
            .Select(stop => $"{stop.GetProperty("stop").GetString()} {stop.GetProperty("device").GetString()}"),
    ];

    private static string[] Notes(JsonElement report) =>
        [.. report.GetProperty("notes").EnumerateArray().Select(note => note.GetString()!)];

    private static JsonElement Trace(TestLab lab, int exitCode, params IReadOnlyList<string> words)
    {
        CommandResult result = Overlay(lab, [.. words, "--json"]);
        Assert.True(result.ExitCode == exitCode, $"exit code {result.ExitCode}\n{result.Output}\n{result.Error}");
        using var report = JsonDocument.Parse(result.Output);
        return report.RootElement.Clone();
    }

    private static CommandResult Overlay(TestLab lab, params IReadOnlyList<string> words) => lab.Run(
        lab.Host(1).HostNamespace,
        [
            "env", "LC_ALL=C.UTF-8", RunningProgram.OverlayPath, "trace", .. words, "--run-dir",
            lab.Host(1).RunDirectory,
        ]);
}
