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
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_start_while_etcd_is_away_waits_ends_cleanly_when_asked_and_goes_on_when_etcd_is_there()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        etcd.Kill();
        RunningProgram first = lab.Start(1);
        first.AwaitError($"waiting for the lease store etcd:{etcd.Endpoint.GetLeftPart(UriPartial.Authority)}");
        first.Signal("TERM");
        Assert.Equal(0, first.WaitForExit().ExitCode);
        Assert.False(lab.HasTunnel(1));

        RunningProgram second = lab.Start(1);
        second.AwaitError("waiting for the lease store");
        etcd.Restart(TestContext.Current.CancellationToken);

        second.AwaitError(" ready: ");
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
        Assert.Equal(0, daemon.WaitForExit().ExitCode);

        RunningProgram again = lab.Start(1);
        Assert.Equal(before, lab.WaitUntilReady(again, 1));
        Print($"ready {Stopwatch.GetElapsedTime(again.Started).TotalMilliseconds:0} ms after its start, without etcd");
        Assert.Contains(
            again.Errors, line => line.Contains($"with subnet {before.Subnet}, 1 peers", StringComparison.Ordinal));
        lab.AwaitPath(1, 2);
        lab.AwaitPath(2, 1);
        etcd.Restart(TestContext.Current.CancellationToken);

        again.AwaitError("Lease renewed, new expiration:");
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
        Await(
            () => File.Exists(snapshot)
                && File.ReadAllText(snapshot).Contains(lab.Subnet(2).Subnet, StringComparison.Ordinal));
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

        daemon.AwaitError($"subnet changed from {before.Subnet} to ");
        Assert.Equal(2, daemon.Errors.Count(line => line.Contains(" acquired from etcd:", StringComparison.Ordinal)));
    }

    [Fact]
    public void Etcd_killed_for_a_while_under_traffic_costs_no_packet_and_what_was_missed_is_caught_up_with()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        lab.AwaitPath(2, 1);
        using var pings = new SteadyPing(lab, 1, 2);
        using var back = new SteadyPing(lab, 2, 1);
        etcd.Gateway.PutLease("10.244.200.0/24", "172.16.0.78", etcd.Gateway.Grant());
        Await(() => lab.Counters(1).Routes == 2, () => daemon.Tail());

        long killed = Stopwatch.GetTimestamp();
        etcd.Kill();
        daemon.AwaitError("known routes stay");
        Assert.True(
            Eventually(
                () => Stopwatch.GetElapsedTime(killed) >= s_outage && pings.Sent > 1000 && back.Sent > 1000,
                s_outage + TestLab.Patience),
            $"{pings.Sent} and {back.Sent} pings");
        Assert.Equal(2, lab.Counters(1).Routes);
        etcd.Restart(TestContext.Current.CancellationToken);
        etcd.Gateway.DeleteLease("10.244.200.0/24");

        Await(() => lab.Counters(1).Routes == 1 && lab.Counters(2).Routes == 1, () => daemon.Tail());
        foreach (SteadyPing way in (SteadyPing[])[pings, back])
        {
            (int sent, int lost) = way.Stop();
            Print($"{sent} pings sent, {lost} lost");
            Assert.Equal(0, lost);
        }

        Assert.All([1, 2], number => Assert.DoesNotContain("no_route", lab.Counters(number).Outbound.Drops.Keys));
    }

    [Fact]
    public void A_stop_while_etcd_hangs_waits_for_no_answer_and_ends_with_exit_code_0_before_and_after_the_start()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram running = lab.BringUp(1)[0];
        ChildCommand.Signal("STOP", [etcd.Id]);
        RunningProgram starting = lab.Start(2);
        starting.AwaitError("waiting for the lease store");

        starting.Signal("TERM");
        Assert.Equal(0, starting.WaitForExit().ExitCode);
        running.Signal("TERM");
        Assert.Equal(0, running.WaitForExit().ExitCode);
        Assert.False(lab.HasTunnel(1));
    }
}
