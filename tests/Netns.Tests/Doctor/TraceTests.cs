using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Doctor;

/// <summary><c>overlay doctor --trace</c>.</summary>
public sealed class TraceTests(SharedPair pair) : LabTest, IClassFixture<SharedPair>
{
    private const int Nobody = 4_194_304; // PID_MAX_LIMIT, proc(5): no process has this number

    private TestLab Lab => Share(pair.Lab);

    [Theory]
    [InlineData(
        "nft add table inet guard; nft add chain inet guard transit "
            + "'{ type filter hook forward priority 0; policy drop; }'",
        "nft delete table inet guard",
        "✗ dropped by table inet guard, chain transit: its policy is drop")]
    [InlineData(
        "nft add table ip guard; nft add chain ip guard transit '{ type filter hook forward priority 5; }'; "
            + "nft add chain ip guard pods; nft add rule ip guard transit jump pods; "
            + "nft add rule ip guard pods ip protocol icmp reject with icmp admin-prohibited",
        "nft delete table ip guard",
        "✗ dropped by table ip guard, chain pods: ip protocol icmp reject with icmp admin-prohibited")]
    [InlineData(
        "iptables-nft -w -I FORWARD -p icmp --icmp-type echo-reply -j DROP",
        "iptables-nft -w -D FORWARD -p icmp --icmp-type echo-reply -j DROP",
        "✗ dropped by table ip filter, chain FORWARD: ")]
    public void The_rule_that_drops_a_probe_or_its_answer_is_named(string make, string undo, string expected)
    {
        FirewallTools.Require();
        Shell(make);
        try
        {
            CommandResult result = Trace($"{Lab.Pod(2)}");
            Assert.Contains(expected, result.Output);
            Assert.Equal(2, result.ExitCode);
        }
        finally
        {
            Shell(undo);
        }

        AssertNothingLeft();
    }

    [Fact]
    public void A_pod_that_answers_is_said_to_answer()
    {
        FirewallTools.Require();
        CommandResult result = Trace($"{Lab.Pod(2)}");

        Assert.Contains("✓ answered", result.Output);
        Assert.Contains("as a pod on cni0", result.Output);
        Assert.Equal(0, result.ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public void Ctrl_C_ends_a_trace_and_leaves_nothing()
    {
        FirewallTools.Require();
        using var trace = RunningProgram.Start(
            [Lab.Ip.ProgramPath, "netns", "exec", Lab.Host(1).HostNamespace, .. Words("172.16.0.250")]);
        Await(() => Nft().Contains("overlay-trace", StringComparison.Ordinal));
        trace.Signal("INT");
        Assert.Equal(130, trace.WaitForExit().ExitCode);
        AssertNothingLeft();
    }

    [Fact]
    public void A_trace_that_is_killed_leaves_neither_table_nor_pod_nor_program()
    {
        FirewallTools.Require();
        string before = Processes();
        using var trace = RunningProgram.Start(
            [Lab.Ip.ProgramPath, "netns", "exec", Lab.Host(1).HostNamespace, .. Words("172.16.0.250")]);
        Await(() => Nft().Contains("overlay-trace", StringComparison.Ordinal));
        trace.Signal("KILL");
        Assert.NotEqual(0, trace.WaitForExit().ExitCode);
        Await(
            () => Processes() == before && !Nft().Contains("overlay-trace", StringComparison.Ordinal),
            () => $"{before}\n{Processes()}\n{Nft()}");
        Await(() => !Links().Contains("ovtr", StringComparison.Ordinal));
    }

    // As a kernel before 5.12 leaves it.
    [Fact]
    public void A_table_of_a_trace_that_was_killed_goes_with_the_next_trace()
    {
        FirewallTools.Require();
        Shell($"nft add table inet overlay-trace-{Nobody}; nft add table inet overlay-trace-1");
        try
        {
            Assert.Equal(0, Trace($"{Lab.Pod(2)}").ExitCode);
            Assert.Equal(["table inet overlay-trace-1"], Nft().Split('\n').Where(
                line => line.Contains("overlay-trace", StringComparison.Ordinal)));
        }
        finally
        {
            Shell("nft delete table inet overlay-trace-1");
        }
    }

    private string Processes() => Lab.Ip.TryRun("netns", "pids", Lab.Host(1).HostNamespace).Output;

    private void AssertNothingLeft()
    {
        Assert.DoesNotContain("overlay-trace", Nft());
        Assert.DoesNotContain("ovtr", Links());
    }

    private string Links() => Lab.Run(Lab.Host(1).HostNamespace, "ip", "-o", "link").Output;

    private string Nft() => Lab.Run(Lab.Host(1).HostNamespace, "nft", "list", "tables").Output;

    private void Shell(string script) =>
        Assert.True(Lab.Run(Lab.Host(1).HostNamespace, "sh", "-e", "-c", script).Succeeded, script);

    private CommandResult Trace(string address) => Lab.Run(Lab.Host(1).HostNamespace, [.. Words(address)]);

    private IReadOnlyList<string> Words(string address) =>
    [
        RunningProgram.OverlayPath, "doctor", "--trace", address, "--run-dir", Lab.Host(1).RunDirectory,
        "--subnet-file", Lab.Host(1).SubnetFile, "--root", Lab.Plan.Directory,
    ];
}
