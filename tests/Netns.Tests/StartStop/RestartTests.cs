using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>How a daemon ends, what it leaves to the next one, and how fast that one is back.</summary>
public sealed class RestartTests : LabTest
{
    private static readonly TimeSpan s_ask = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_untilCancelled = TimeSpan.FromHours(1);

    [Fact]
    public void After_SIGKILL_a_new_daemon_has_the_same_subnet_and_traffic_is_back()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        SubnetFacts before = lab.Subnet(1);
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        ushort sequence = 0; // a new one for each question: a late answer must not pass for an early one
        for (int trial = 0; trial < 3; trial++)
        {
            daemon.Kill();
            Await(() => !lab.HasTunnel(1), "flannel0 has outlived its process");
            daemon = lab.Start(1);
            Await(() => pinger.Ping(lab.Pod(2), ++sequence, s_ask) is not null);
            Print($"first answered ping after {Stopwatch.GetElapsedTime(daemon.Started).TotalMilliseconds:0} ms");
            Assert.Equal(before, lab.WaitUntilReady(daemon, 1));
        }

        Assert.Equal(2, LeaseCount(lab));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void A_stop_takes_device_address_and_route_away_and_keeps_lease_and_subnet_file(string signal)
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1)[0];
        string lease = lab.LeaseFile(lab.Subnet(1).Subnet);
        string subnetFile = File.ReadAllText(lab.Host(1).SubnetFile);

        EndsCleanly(daemon, signal);

        Assert.False(lab.HasTunnel(1));
        Assert.DoesNotContain(
            "flannel0", lab.Ip.Run("-n", lab.Host(1).HostNamespace, "address"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "10.244.0.0/16", lab.Ip.Run("-n", lab.Host(1).HostNamespace, "route"), StringComparison.Ordinal);
        Assert.True(File.Exists(lease), "the lease is gone");
        Assert.Equal(subnetFile, File.ReadAllText(lab.Host(1).SubnetFile));
        Assert.Contains(" stopped: ", daemon.Errors[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_under_full_traffic_does_not_wait_for_its_end_and_has_exit_code_0()
    {
        TestLab lab = NewLab(2);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task flood = Task.Run(
            () => UdpBlast.Measure(
                lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), 64, s_untilCancelled, enough.Token),
            CancellationToken.None);
        try
        {
            Await(() => lab.Counters(2).Inbound.Packets > 5000, "no flood");
            EndsCleanly(daemons[1], "INT");
            long before = lab.Counters(1).Outbound.Packets;
            Await(() => lab.Counters(1).Outbound.Packets > before + 1000, "the flood is over");
            EndsCleanly(daemons[0], "TERM");
            Assert.False(flood.IsCompleted, "the flood ended before the daemons");
        }
        finally
        {
            await enough.CancelAsync();
            await Task.WhenAny(flood); // throws nothing: being interrupted is its only way to end
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void A_stop_while_it_waits_for_the_lease_store_ends_with_exit_code_0_and_leaves_nothing(string signal)
    {
        TestLab lab = NewLab(2);
        string lockFile = Path.Combine(lab.Plan.LeaseDirectory, ".lock");
        using var held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        RunningProgram daemon = lab.Start(1);
        // the step before the lease
        daemon.AwaitError("Using interface with name eth0");

        EndsCleanly(daemon, signal);

        Assert.False(lab.HasTunnel(1));
        Assert.False(File.Exists(lab.Host(1).SubnetFile));
        Assert.Equal(0, LeaseCount(lab));
    }

    [Fact]
    public void A_stop_at_any_moment_of_the_start_ends_with_exit_code_0_and_takes_the_device_away()
    {
        TestLab lab = NewLab(2);
        RunningProgram whole = lab.Start(1);
        _ = lab.WaitUntilReady(whole, 1);
        int most = whole.Errors.Count;
        Assert.InRange(most, 2, 10);
        EndsCleanly(whole, "TERM");
        for (int lines = 0; lines <= most; lines++)
        {
            // A line is a step further: from a process that has just been made to one that is ready.
            RunningProgram daemon = lab.Start(1);
            Await(() => daemon.Errors.Count >= lines || IsReady(daemon));
            daemon.Signal("TERM");
            CommandResult end = daemon.WaitForExit();

            // Before the handler is in place the signal has its default effect, as for every program.
            bool tooEarly = end.ExitCode == 143 && !end.Error.Contains("Using interface", StringComparison.Ordinal);
            Assert.True(end.ExitCode == 0 || tooEarly, $"after {lines} lines: {end}");
            Assert.False(lab.HasTunnel(1));
        }

        static bool IsReady(RunningProgram daemon) =>
            daemon.Errors.Any(line => line.Contains(" ready: ", StringComparison.Ordinal));
    }

    private static void EndsCleanly(RunningProgram daemon, string signal)
    {
        long asked = Stopwatch.GetTimestamp();
        daemon.Signal(signal);
        CommandResult end = daemon.WaitForExit();
        Print($"SIG{signal}: ended after {Stopwatch.GetElapsedTime(asked).TotalMilliseconds:0} ms");
        Assert.True(end.ExitCode == 0, $"exit code {end.ExitCode}\n{end.Error}");
    }

    private static int LeaseCount(TestLab lab) =>
        Directory.EnumerateFiles(Path.Combine(lab.Plan.LeaseDirectory, "subnets")).Count();
}
