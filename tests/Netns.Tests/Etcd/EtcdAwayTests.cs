using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>What becomes of real daemons and their traffic while a real etcd is away.</summary>
public sealed class EtcdAwayTests : LabTest
{
    // the longest pause between two attempts is 10 s
    private static readonly TimeSpan s_within = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(2);

    [Fact]
    public void A_start_while_etcd_is_away_waits_ends_cleanly_when_asked_and_goes_on_when_etcd_is_there()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        etcd.Kill();
        RunningProgram first = lab.Start(1);
        Assert.True(first.WaitForError("waiting for the lease store "
            + $"etcd:{etcd.Endpoint.GetLeftPart(UriPartial.Authority)}", s_within), first.Tail());
        first.Signal("TERM");
        Assert.Equal(0, first.WaitForExit(s_stopLimit).ExitCode);
        Assert.False(lab.HasTunnel(1));

        RunningProgram second = lab.Start(1);
        Assert.True(second.WaitForError("waiting for the lease store", s_within), second.Tail());
        etcd.Restart(TestContext.Current.CancellationToken);

        Assert.True(second.WaitForError(" ready: ", s_within), second.Tail());
        Assert.NotNull(etcd.Gateway.Lease(SubnetFacts.Read(lab.Host(1).SubnetFile).Subnet));
        // not with each attempt
        Assert.Single(second.Errors, line => line.Contains("waiting for the lease store", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restart_while_etcd_is_away_comes_up_at_once_with_its_subnet_and_routes_and_is_confirmed_later()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        SubnetFacts before = lab.Subnet(1);
        etcd.Kill();
        lab.AwaitPath(1, 2); // without etcd, as before
        daemon.Signal("TERM");
        Assert.Equal(0, daemon.WaitForExit(s_stopLimit).ExitCode);

        RunningProgram again = lab.Start(1);
        Assert.Equal(before, lab.WaitUntilReady(again, 1));
        Print($"ready {Stopwatch.GetElapsedTime(again.Started).TotalMilliseconds:0} ms after its start, without etcd");
        Assert.Contains(
            again.Errors, line => line.Contains($"with subnet {before.Subnet}, 1 peers", StringComparison.Ordinal));
        lab.AwaitPath(1, 2);
        lab.AwaitPath(2, 1);
        etcd.Restart(TestContext.Current.CancellationToken);

        Assert.True(again.WaitForError($"lease {before.Subnet} renewed until", s_within), again.Tail());
        Assert.Equal(1, lab.Counters(1).Routes);
        Assert.DoesNotContain(again.Errors, line => line.Contains("Subnet removed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_restart_after_a_kill_comes_up_from_the_snapshot_as_well()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        SubnetFacts before = lab.Subnet(1);
        string snapshot = Path.Combine(lab.Host(1).RunDirectory, "leases.json");
        Assert.True(Eventually(() => File.Exists(snapshot)
            && File.ReadAllText(snapshot).Contains(lab.Subnet(2).Subnet, StringComparison.Ordinal), s_within));
        etcd.Kill();
        daemon.Kill();

        Assert.Equal(before, lab.WaitUntilReady(lab.Start(1), 1));
        lab.AwaitPath(1, 2);
    }

    [Fact]
    public void A_lease_lost_while_etcd_was_away_is_found_out_when_it_is_back()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        SubnetFacts before = lab.Subnet(1);
        daemon.Signal("STOP"); // sees nothing of it, as when it had slept
        etcd.Gateway.PutLease(before.Subnet, "172.16.0.77", etcd.Gateway.Grant());
        etcd.Kill();
        daemon.Signal("CONT");
        etcd.Restart(TestContext.Current.CancellationToken);

        Assert.True(daemon.WaitForError($"subnet changed from {before.Subnet} to ", s_within), daemon.Tail());
        Assert.Equal(2, daemon.Errors.Count(line => line.Contains(" acquired from etcd:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Etcd_killed_for_a_minute_under_traffic_costs_no_packet_and_what_was_missed_is_caught_up_with()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        lab.AwaitPath(2, 1);
        using var pings = new SteadyPing(lab, 1, 2);
        using var back = new SteadyPing(lab, 2, 1);
        etcd.Gateway.PutLease("10.244.200.0/24", "172.16.0.78", etcd.Gateway.Grant());
        Assert.True(Eventually(() => lab.Counters(1).Routes == 2, s_within), daemon.Tail());

        long killed = Stopwatch.GetTimestamp();
        etcd.Kill();
        Assert.True(daemon.WaitForError("known routes stay", s_within), daemon.Tail());
        Assert.True(Eventually(() => Stopwatch.GetElapsedTime(killed) >= s_outage, s_outage + s_within));
        Assert.Equal(2, lab.Counters(1).Routes);
        etcd.Restart(TestContext.Current.CancellationToken);
        etcd.Gateway.DeleteLease("10.244.200.0/24");

        Assert.True(
            Eventually(() => lab.Counters(1).Routes == 1 && lab.Counters(2).Routes == 1, s_within), daemon.Tail());
        foreach (SteadyPing way in (SteadyPing[])[pings, back])
        {
            (int sent, int lost) = way.Stop();
            Print($"{sent} pings sent, {lost} lost");
            Assert.True(sent > 1000, $"only {sent} pings");
            Assert.Equal(0, lost);
        }

        Assert.All([1, 2], number => Assert.DoesNotContain("no_route", lab.Counters(number).Outbound.Drops.Keys));
    }

    [Fact]
    public void A_stop_while_etcd_hangs_ends_with_exit_code_0_in_under_2_seconds_before_and_after_the_start()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram running = lab.BringUp(1)[0];
        ChildCommand.Signal("STOP", [etcd.Id]);
        RunningProgram starting = lab.Start(2);
        Assert.True(starting.WaitForError("waiting for the lease store", s_within), starting.Tail());

        starting.Signal("TERM");
        Assert.Equal(0, starting.WaitForExit(s_stopLimit).ExitCode);
        running.Signal("TERM");
        Assert.Equal(0, running.WaitForExit(s_stopLimit).ExitCode);
        Assert.False(lab.HasTunnel(1));
    }
}
