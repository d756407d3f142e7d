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
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_backWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_ask = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void After_SIGKILL_a_new_daemon_has_the_same_subnet_and_traffic_is_back_within_1_second()
    {
        TestLab lab = NewLab(2);
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        SubnetFacts before = lab.Subnet(1);
        using var pinger = new Pinger(lab.Host(1).PodNamespace);
        ushort sequence = 0; // a new one for each question: a late answer must not pass for an early one
        var took = new TimeSpan[3]; // the median of three: a busy machine may steal a second from one
        for (int trial = 0; trial < took.Length; trial++)
        {
            daemon.Kill();
            Assert.True(Eventually(() => !lab.HasTunnel(1), s_stopLimit), "flannel0 has outlived its process");
            daemon = lab.Start(1);
            Assert.True(Eventually(() => pinger.Ping(lab.Pod(2), ++sequence, s_ask) is not null, TestLab.Patience));
            took[trial] = Stopwatch.GetElapsedTime(daemon.Started);
            Assert.Equal(before, lab.WaitUntilReady(daemon, 1));
        }

        Print($"first answered ping after {string.Join(", ", took.Select(time => $"{time.TotalMilliseconds:0} ms"))}");
        Assert.Equal(2, LeaseCount(lab));
        Assert.True(took.Order().ElementAt(1) < s_backWithin, string.Join(", ", took));
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
    public async Task A_stop_under_full_traffic_ends_with_exit_code_0_in_under_2_seconds()
    {
        TestLab lab = NewLab(2);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(1, 2);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task flood = Task.Run(
            () => UdpBlast.Measure(
                lab.Host(1).PodNamespace, lab.Host(2).PodNamespace, lab.Pod(2), 64, TimeSpan.FromSeconds(30), enough.Token),
            CancellationToken.None);
        try
        {
            Assert.True(Eventually(() => lab.Counters(2).Inbound.Packets > 5000, TestLab.Patience), "no flood");
            EndsCleanly(daemons[1], "INT");
            long before = lab.Counters(1).Outbound.Packets;
            Assert.True(
                Eventually(
                    () => lab.Counters(1).Outbound.Packets > before + 1000, TestLab.Patience), "the flood is over");
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
        using var held = new FileStream(
            Path.Combine(
                lab.Plan.LeaseDirectory, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        RunningProgram daemon = lab.Start(1);
        // the step before the lease
        Assert.True(daemon.WaitForError("using interface eth0", TestLab.Patience), daemon.Tail());

        EndsCleanly(daemon, signal);

        Assert.False(lab.HasTunnel(1));
        Assert.False(File.Exists(lab.Host(1).SubnetFile));
        Assert.Equal(0, LeaseCount(lab));
    }

    [Fact]
    public void A_stop_at_any_moment_of_the_start_ends_with_exit_code_0_and_takes_the_device_away()
    {
        TestLab lab = NewLab(2);
        const int Seed = 20;
        var random = new Random(Seed);
        for (int trial = 0; trial < 6; trial++)
        {
            RunningProgram daemon = lab.Start(1);
            var moment = TimeSpan.FromMilliseconds(random.Next(100, 400)); // ready after some 300 ms when idle
            Assert.False(Eventually(() => daemon.HasExited, moment), daemon.Tail());
            daemon.Signal("TERM");
            CommandResult end = daemon.WaitForExit(s_stopLimit);

            // Before the handler is in place the signal has its default effect, as for every program.
            bool tooEarly = end.ExitCode == 143 && !end.Error.Contains("using interface", StringComparison.Ordinal);
            Assert.True(
                end.ExitCode == 0 || tooEarly, $"trial {trial}, seed {Seed}, at {moment.TotalMilliseconds} ms: {end}");
            Assert.False(lab.HasTunnel(1));
        }
    }

    private static void EndsCleanly(RunningProgram daemon, string signal)
    {
        long asked = Stopwatch.GetTimestamp();
        daemon.Signal(signal);
        CommandResult end = daemon.WaitForExit(s_stopLimit);
        Print($"SIG{signal}: ended after {Stopwatch.GetElapsedTime(asked).TotalMilliseconds:0} ms");
        Assert.True(end.ExitCode == 0, $"exit code {end.ExitCode}\n{end.Error}");
    }

    private static int LeaseCount(TestLab lab) =>
        Directory.EnumerateFiles(Path.Combine(lab.Plan.LeaseDirectory, "subnets")).Count();
}
