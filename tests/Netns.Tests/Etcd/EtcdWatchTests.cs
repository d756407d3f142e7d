using System;
using System.Diagnostics;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>What can happen to a daemon's watch of a real etcd, and that it misses nothing for long.</summary>
public sealed class EtcdWatchTests : LabTest
{
    private const string ThirdSubnet = "10.244.200.0/24", FourthSubnet = "10.244.201.0/24";
    private const string ThirdAddress = "172.16.0.77";

    [Fact]
    public void A_connection_that_a_firewall_drops_silently_is_found_by_pings_and_what_was_missed_is_caught_up_with()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        etcd.Gateway.PutLease(ThirdSubnet, ThirdAddress, etcd.Gateway.Grant());
        Await(() => lab.Counters(1).Routes == 2, () => daemon.Tail());
        using var pings = new SteadyPing(lab, 1, 2);

        using (lab.CutFromEtcd(1))
        {
            long cut = Stopwatch.GetTimestamp();
            etcd.Gateway.DeleteLease(ThirdSubnet);
            etcd.Gateway.PutLease(FourthSubnet, ThirdAddress, etcd.Gateway.Grant());
            Await(() => lab.Counters(2).Routes == 2); // the other host sees it
            // While it is cut off, and minutes before the next listing.
            daemon.AwaitError("lease store cannot be read, known routes stay");
            Print($"found {Stopwatch.GetElapsedTime(cut).TotalSeconds:0.0} s after the cut");
            Assert.DoesNotContain(
                daemon.Errors, line => line.Contains($"Subnet removed: {ThirdSubnet}", StringComparison.Ordinal));
        }

        long mended = Stopwatch.GetTimestamp();
        daemon.AwaitError($"Subnet added: {FourthSubnet} via {ThirdAddress}");
        daemon.AwaitError($"Subnet removed: {ThirdSubnet}");
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
        Await(() => lab.Counters(1).Routes == 2, () => daemon.Tail());
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

        daemon.AwaitError($"Subnet added: {FourthSubnet} via {ThirdAddress}");
        daemon.AwaitError($"Subnet removed: {ThirdSubnet}");

        // And the watch that follows is no deaf one.
        etcd.Gateway.PutLease(ThirdSubnet, ThirdAddress, lease);
        Await(() => lab.Counters(1).Routes == 3, () => daemon.Tail());
        etcd.Gateway.CompactAll();
        etcd.Gateway.DeleteLease(ThirdSubnet);
        Await(() => lab.Counters(1).Routes == 2, () => daemon.Tail());
        Assert.Equal(0, pings.Stop().Lost);
        Assert.False(daemon.HasExited);
    }
}
