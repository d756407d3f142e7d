using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Overlay.Control;
using Overlay.Demo;
using Overlay.Lab;
using Overlay.Lab.Cni;
using Overlay.Netns.Tests.Support;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Demo;

/// <summary>
/// The demo as an operator runs it. Its names are fixed: one at a time on a machine, which its own lock sees to.
/// </summary>
public sealed class DemoTests : LabTest
{
    private static readonly TimeSpan s_whole = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_othersDemo = TimeSpan.FromMinutes(5);
    private static readonly LabPlan s_plan = new(DemoSession.Prefix, DemoSession.LabDirectory, LabPlan.MinimumHosts);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void With_json_it_prints_one_object_whose_values_are_as_they_must_be(int hostCount)
    {
        CommandResult demo = Run("--json", "--hosts", $"{hostCount}");

        using var parsed = JsonDocument.Parse(demo.Output); // refuses anything beside the one object
        JsonElement report = parsed.RootElement;
        Print(demo.Output);
        Assert.True(report.GetProperty("ok").GetBoolean(), demo.Output + demo.Error);
        Assert.Equal(0, demo.ExitCode);
        Assert.Equal(["hosts", "ping", "tcp", "udp", "wire", "drops", "leftBehind", "ok"], Keys(report));
        JsonElement[] hosts = [.. report.GetProperty("hosts").EnumerateArray()];
        Assert.Equal(hostCount, hosts.Length);
        Assert.All(hosts, host => Assert.Equal(["name", "subnet", "publicIp", "mtu"], Keys(host)));
        Assert.All(hosts, host => Assert.Equal(1472, host.GetProperty("mtu").GetInt32()));
        Assert.Equal(hostCount, hosts.Select(host => host.GetProperty("subnet").GetString()).Distinct().Count());

        JsonElement ping = report.GetProperty("ping");
        Assert.Equal(["sent", "received", "rttMs", "ttl"], Keys(ping));
        Assert.True(ping.GetProperty("sent").GetInt32() > 0);
        Assert.Equal(ping.GetProperty("sent").GetInt32(), ping.GetProperty("received").GetInt32());
        Assert.Equal(60, ping.GetProperty("ttl").GetInt32());
        Assert.Equal(["gbps"], Keys(report.GetProperty("tcp")));
        Assert.True(report.GetProperty("tcp").GetProperty("gbps").GetDouble() > 0);
        Assert.Equal(["sizeBytes", "sentPackets", "receivedPackets", "kpps"], Keys(report.GetProperty("udp")));
        Assert.True(report.GetProperty("udp").GetProperty("receivedPackets").GetInt64() > 0);

        JsonElement wire = report.GetProperty("wire");
        Assert.Equal(["outer", "inner", "udpLength", "ttl"], Keys(wire));
        Assert.Equal("172.16.0.5:8285 > 172.16.0.4:8285", wire.GetProperty("outer").GetString());
        Assert.Contains("ICMP echo request", wire.GetProperty("inner").GetString(), StringComparison.Ordinal);
        Assert.Equal(92, wire.GetProperty("udpLength").GetInt32());
        Assert.Equal(62, wire.GetProperty("ttl").GetInt32());
        Assert.Equal(0, report.GetProperty("leftBehind").GetInt32());
        NothingIsLeft();
    }

    [Fact]
    public void With_etcd_the_leases_are_flannels_keys_in_a_real_etcd_that_is_gone_afterwards()
    {
        Prerequisites.RequireEtcd();
        CommandResult demo = Run("--etcd", "--json");

        using var parsed = JsonDocument.Parse(demo.Output);
        JsonElement report = parsed.RootElement;
        Print(demo.Output);
        Assert.True(report.GetProperty("ok").GetBoolean(), demo.Output + demo.Error);
        Assert.Equal(0, demo.ExitCode);
        Assert.Equal(["hosts", "etcd", "ping", "tcp", "udp", "wire", "drops", "leftBehind", "ok"], Keys(report));
        JsonElement etcd = report.GetProperty("etcd");
        Assert.Equal(["endpoint", "version", "readyMs", "keys"], Keys(etcd));
        Assert.True(etcd.GetProperty("readyMs").GetDouble() > 0);
        JsonElement keys = etcd.GetProperty("keys");
        Assert.Equal(3, Keys(keys).Length); // the config and two leases
        foreach (JsonElement host in report.GetProperty("hosts").EnumerateArray())
        {
            string key = $"/coreos.com/network/subnets/{host.GetProperty("subnet").GetString()!.Replace('/', '-')}";
            Assert.Equal(
                LeaseText.Value(host.GetProperty("publicIp").GetString()!), keys.GetProperty(key).GetString());
        }

        NothingIsLeft();
    }

    [Fact]
    public void With_host_gw_and_etcd_the_pods_packets_are_on_the_wire_as_they_are()
    {
        CommandResult demo = Run("--backend", "host-gw", "--etcd");

        Print(demo.Output);
        Assert.Equal(0, demo.ExitCode);
        Assert.All(
            [
                "mtu 1500 over 1500", """172.16.0.5","PublicIPv6":null,"BackendType":"host-gw"}""", "ttl 62",
                "Time to live: 63", "overhead 0 B", "forwarding by the kernel", "nothing left behind",
            ],
            part => Assert.Contains(part, demo.Output, StringComparison.Ordinal));
        Assert.All(
            ["flannel0", "UDP 8285"], part => Assert.DoesNotContain(part, demo.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void With_cni_the_real_plugins_make_the_pods_and_one_of_them_has_a_port_of_its_host()
    {
        Needs.Program(CniPlugins.Package, "/usr/lib/cni/bridge", "/opt/cni/bin/bridge");
        CommandResult demo = Run("--cni", "--json");

        using var parsed = JsonDocument.Parse(demo.Output);
        JsonElement report = parsed.RootElement;
        Print(demo.Output);
        Assert.True(report.GetProperty("ok").GetBoolean(), demo.Output + demo.Error);
        Assert.True(report.GetProperty("cni").GetProperty("hostPort").GetBoolean());
        Assert.True(report.GetProperty("cni").GetProperty("released").GetBoolean());
        NothingIsLeft();
    }

    [Fact]
    public void With_etcd_the_story_names_it_and_shows_its_keys()
    {
        Prerequisites.RequireEtcd();
        CommandResult demo = Run("--etcd");

        Print(demo.Output);
        Assert.True(demo.Succeeded, demo.Output + demo.Error);
        Assert.Matches("store +etcd [0-9.]+ at http://172.16.0.1:2379, serving [0-9.]+ s after its start", demo.Output);
        Assert.Contains("/coreos.com/network/subnets/10.244.", demo.Output, StringComparison.Ordinal);
        NothingIsLeft();
    }

    [Fact]
    public void What_a_demo_with_etcd_leaves_when_it_is_killed_is_removed_by_the_next_start()
    {
        Prerequisites.RequireEtcd();
        using (RunningProgram demo = StartUntil(DaemonsRun, "--etcd"))
        {
            demo.Kill();
        }

        Assert.True(
            Remnants().Processes.Count > 2, "neither the daemons nor etcd outlive it: there is nothing to remove");

        CommandResult next = Run("--json");

        Assert.True(next.Succeeded, next.Output + next.Error);
        Assert.Contains("removed what a killed demo left behind", next.Error, StringComparison.Ordinal);
        NothingIsLeft();
    }

    [Fact]
    public void Without_an_etcd_the_demo_with_etcd_ends_with_one_line_and_the_remedy()
    {
        Prerequisites.Require(("unshare", "util-linux"));
        Prerequisites.RequireEtcd();

        // Nobody uninstalls it for a test: where only this demo sees it, it is a file that cannot be executed.
        using var program = RunningProgram.Start(
        [
            "unshare", "--mount", "sh", "-c", "mount --bind /dev/null \"$0\" && exec \"$1\" demo --etcd",
            LabEtcd.FindProgram(), RunningProgram.DemoPath,
        ]);
        CommandResult demo = program.WaitForExit(s_whole);

        Assert.Equal(1, demo.ExitCode);
        Assert.Equal("overlay demo: etcd is missing: apt-get install etcd-server", demo.Error.Trim());
    }

    [Theory]
    [InlineData("while it builds")]
    [InlineData("while daemons run")]
    [InlineData("while it measures")]
    public void Interrupted_it_leaves_nothing_and_exits_with_130(string moment)
    {
        using RunningProgram demo = StartUntil(moment switch
        {
            "while it builds" => IsBuilding,
            "while daemons run" => DaemonsRun,
            _ => Measures,
        });
        long asked = Stopwatch.GetTimestamp();

        demo.Signal("INT");
        demo.Signal("INT"); // Ctrl-C is often pressed more than once
        CommandResult end = demo.WaitForExit(s_whole);

        Print($"gone {Stopwatch.GetElapsedTime(asked).TotalMilliseconds:0} ms after Ctrl-C");
        Assert.Equal(130, end.ExitCode);
        Assert.Contains("interrupted", end.Error, StringComparison.Ordinal);
        NothingIsLeft();
    }

    [Fact]
    public void What_a_killed_demo_leaves_is_removed_by_demo_down()
    {
        KillInTheMiddle();

        CommandResult down = Run("down");

        Assert.True(down.Succeeded, down.Output + down.Error);
        NothingIsLeft();
        Assert.Equal("nothing to remove", Run("down").Output);
    }

    [Fact]
    public void What_a_killed_demo_leaves_is_removed_by_the_next_start()
    {
        KillInTheMiddle();

        CommandResult next = Run("--json");

        Assert.True(next.Succeeded, next.Output + next.Error);
        Assert.Contains("removed what a killed demo left behind", next.Error, StringComparison.Ordinal);
        NothingIsLeft();
    }

    [Fact]
    public void A_strangers_namespace_with_a_similar_name_is_left_alone()
    {
        Prerequisites.Require();
        string stranger = $"{DemoSession.Prefix}-x{Environment.ProcessId}";
        var ip = new IpCommand();
        ip.Run("netns", "add", stranger);
        try
        {
            Assert.True(Run("--json").Succeeded);
            Assert.True(Run("down").Succeeded);

            Assert.True(ip.TryRun("netns", "pids", stranger).Succeeded, "the namespace is gone");
        }
        finally
        {
            ip.Run("netns", "delete", stranger);
        }
    }

    [Fact]
    public void With_keep_it_stays_up_and_says_how_to_enter_until_demo_down()
    {
        Prerequisites.Require(("ping", "iputils-ping"));

        CommandResult demo = Run("--keep");

        Assert.True(demo.Succeeded, demo.Output + demo.Error);
        string way = demo.Output.Split('\n').First(line => line.Contains("netns exec", StringComparison.Ordinal));
        string[] words = way[way.IndexOf("ip netns", StringComparison.Ordinal)..].Split(' ');
        CommandResult entered = ChildCommand.Run(["sh", "-c", $"{string.Join(' ', words)} -c 1 -W 60"]);
        Assert.True(entered.Succeeded, $"{way}: {entered.Output}{entered.Error}");
        Assert.Contains("demo down", demo.Output, StringComparison.Ordinal);
        Assert.Equal(s_plan.Namespaces.Order(), Remnants().Namespaces);

        Assert.True(Run("down").Succeeded);
        NothingIsLeft();
    }

    private static string[] Keys(JsonElement value) => [.. value.EnumerateObject().Select(property => property.Name)];

    private static bool IsBuilding() => LabNamespace.OfLab(DemoSession.Prefix).Count > 0;

    private static bool DaemonsRun() => s_plan.Hosts.All(host => File.Exists(host.SubnetFile));

    private static bool Measures()
    {
        try
        {
            // pings are a dozen
            return ControlClient.ReadCountersAsync(
                s_plan.Hosts[0].RunDirectory, CancellationToken.None).GetAwaiter().GetResult().Outbound.Packets > 1000;
        }
        catch (OperatorException)
        {
            return false; // not yet ready
        }
    }

    private static Remnants Remnants() =>
        new LabRemnants(DemoSession.Prefix, DemoSession.LabDirectory, new IpCommand()).Find();

    private static void NothingIsLeft()
    {
        Remnants left = Remnants();
        Assert.True(left.Count == 0, $"left behind: {left}");
    }

    /// <summary>Runs it to its end; waits while another demo on this machine has the lock.</summary>
    private static CommandResult Run(params IReadOnlyList<string> arguments)
    {
        Prerequisites.Require();
        CommandResult? result = null;
        bool ran = Eventually(
            () =>
            {
                using var demo = RunningProgram.Start([RunningProgram.DemoPath, "demo", .. arguments]);
                result = demo.WaitForExit(s_whole);
                return !result.Error.Contains("another demo is running", StringComparison.Ordinal);
            },
            s_othersDemo);
        Assert.True(ran, "another demo runs all the time");
        return result!; // set by the first try
    }

    /// <summary>
    /// Starts it and waits for a moment of it; waits before that while another demo has the lock.
    /// </summary>
    private static RunningProgram StartUntil(Func<bool> moment, params IReadOnlyList<string> arguments)
    {
        Prerequisites.Require();
        RunningProgram? demo = null;
        bool reached = Eventually(
            () =>
            {
                demo?.Dispose();
                demo = RunningProgram.Start([RunningProgram.DemoPath, "demo", "--json", .. arguments]);
                return Eventually(() => demo.HasExited || (IsHeldBy(demo.Id) && moment()), s_whole) && !demo.HasExited;
            },
            s_othersDemo);
        if (!reached || demo is null)
        {
            demo?.Dispose();
            throw new LabException($"the demo has not come that far:\n{demo?.Tail()}");
        }

        return demo;
    }

    private static bool IsHeldBy(int processId)
    {
        try
        {
            return File.ReadAllText(Path.Combine(DemoSession.LabDirectory, "lock.holder")).Trim() == $"{processId}";
        }
        catch (IOException)
        {
            return false; // not there yet
        }
    }

    private static void KillInTheMiddle()
    {
        using RunningProgram demo = StartUntil(DaemonsRun);
        demo.Kill();
        Remnants left = Remnants();
        Assert.NotEmpty(left.Namespaces);
        Assert.NotEmpty(left.Processes); // daemons outlive it: there is something to remove
    }
}
