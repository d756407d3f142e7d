using System;
using System.Diagnostics;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>What can happen to a daemon's watch of a real etcd, and that it misses nothing for long.</summary>
public sealed class EtcdWatchTests : LabTest
{
    private const string ThirdSubnet =
        "10.244.200.0/24", FourthSubnet = "10.244.201.0/24", ThirdAddress = "172.16.0.77";

    private static readonly TimeSpan s_foundWithin = TimeSpan.FromSeconds(20);

    // The longest pause between two attempts, the time for one that is lost, and a busy machine.
    private static readonly TimeSpan s_caughtUpWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_connection_that_a_firewall_drops_silently_is_found_within_20_seconds_and_what_was_missed_is_caught_up_with()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        etcd.Gateway.PutLease(ThirdSubnet, ThirdAddress, etcd.Gateway.Grant());
        Assert.True(Eventually(() => lab.Counters(1).Routes == 2, TestLab.Patience), daemon.Tail());
        using var pings = new SteadyPing(lab, 1, 2);

        using (lab.CutFromEtcd(1))
        {
            long cut = Stopwatch.GetTimestamp();
            etcd.Gateway.DeleteLease(ThirdSubnet);
            etcd.Gateway.PutLease(FourthSubnet, ThirdAddress, etcd.Gateway.Grant());
            Assert.True(Eventually(() => lab.Counters(2).Routes == 2, TestLab.Patience)); // the other host sees it
            Assert.True(daemon.WaitForError("lease store cannot be read, known routes "
                + "stay", s_foundWithin - Stopwatch.GetElapsedTime(cut)), daemon.Tail());
            Print($"found {Stopwatch.GetElapsedTime(cut).TotalSeconds:0.0} s after the cut");
            Assert.DoesNotContain(
                daemon.Errors, line => line.Contains($"Subnet removed: {ThirdSubnet}", StringComparison.Ordinal));
        }

        long mended = Stopwatch.GetTimestamp();
        Assert.True(
            daemon.WaitForError($"Subnet added: {FourthSubnet} via {ThirdAddress}", s_caughtUpWithin), daemon.Tail());
        Assert.True(daemon.WaitForError($"Subnet removed: {ThirdSubnet}", TestLab.Patience), daemon.Tail());
        Print($"caught up {Stopwatch.GetElapsedTime(mended).TotalSeconds:0.0} s after it was mended");
        (int sent, int lost) = pings.Stop();
        Print($"{sent} pings sent, {lost} lost");
        Assert.Equal(0, lost);
    }

    [Fact]
    public void History_that_is_compacted_under_the_watch_while_it_is_cut_off_costs_no_change()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        long lease = etcd.Gateway.Grant();
        etcd.Gateway.PutLease(ThirdSubnet, ThirdAddress, lease);
        Assert.True(Eventually(() => lab.Counters(1).Routes == 2, TestLab.Patience), daemon.Tail());
        using var pings = new SteadyPing(lab, 1, 2);

        using (lab.CutFromEtcd(1))
        {
            // Ended, it has nothing on its way that a watch could still be told of.
            etcd.Kill();
            etcd.Restart(TestContext.Current.CancellationToken);
            etcd.Gateway.DeleteLease(ThirdSubnet);
            etcd.Gateway.PutLease(FourthSubnet, ThirdAddress, lease);
            etcd.Gateway.CompactAll();
        }

        Assert.True(
            daemon.WaitForError($"Subnet added: {FourthSubnet} via {ThirdAddress}", s_caughtUpWithin), daemon.Tail());
        Assert.True(daemon.WaitForError($"Subnet removed: {ThirdSubnet}", TestLab.Patience), daemon.Tail());

        // And the watch that follows is no deaf one.
        etcd.Gateway.PutLease(ThirdSubnet, ThirdAddress, lease);
        Assert.True(Eventually(() => lab.Counters(1).Routes == 3, TestLab.Patience), daemon.Tail());
        etcd.Gateway.CompactAll();
        etcd.Gateway.DeleteLease(ThirdSubnet);
        Assert.True(Eventually(() => lab.Counters(1).Routes == 2, TestLab.Patience), daemon.Tail());
        Assert.Equal(0, pings.Stop().Lost);
        Assert.False(daemon.HasExited);
    }
}
