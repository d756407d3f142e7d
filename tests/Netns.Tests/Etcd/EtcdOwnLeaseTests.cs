using System;
using System.Collections.Generic;
using System.Diagnostics;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>What becomes of a running daemon whose own key in a real etcd somebody else deletes or writes.</summary>
public sealed class EtcdOwnLeaseTests : LabTest
{
    private const string Thief = "172.16.0.77";

    [Fact]
    public void An_own_lease_that_is_deleted_is_back_at_once_with_the_same_subnet_and_its_host_drops_nothing_meanwhile()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string subnet = lab.Subnet(1).Subnet;
        using var pings = new SteadyPing(lab, 1, 2, TimeSpan.FromSeconds(5));
        Await(() => pings.Sent > 10);

        etcd.Gateway.DeleteLease(subnet);
        long deleted = Stopwatch.GetTimestamp();

        Await(() => etcd.Gateway.Lease(subnet) is not null, () => daemon.Tail());
        Print($"back {Stopwatch.GetElapsedTime(deleted).TotalMilliseconds:0} ms after it was deleted");
        LeaseKey back = etcd.Gateway.Lease(subnet)!;
        Assert.Equal((lab.Host(1).UnderlayAddress.ToString(), true), (back.PublicIp, back.LeaseId != 0));
        lab.AwaitPath(2, 1);
        int more = pings.Sent + 10;
        Await(() => pings.Sent > more);
        (int sent, int lost) = pings.Stop();

        // The peer hears from etcd that the lease is gone, and then that it is there. Between the two it neither takes
        // packets of this host nor has a route to it: what is lost is lost there, one ping at most.
        CountersReport peer = lab.Counters(2);
        long refused =
            peer.Inbound.Drops.GetValueOrDefault("unknown_peer") + peer.Outbound.Drops.GetValueOrDefault("no_route");
        Print($"{sent} pings sent, {lost} lost, {refused} dropped by the peer between the two events");
        Assert.True(lost <= 1, $"{lost} lost");
        Assert.True(refused >= lost, $"{lost} lost, {refused} dropped by the peer:\n{peer.ToTable()}");
        Assert.Empty(lab.Counters(1).Drops);
        Assert.Equal(lab.Subnet(1), SubnetFacts.Read(lab.Host(1).SubnetFile));
        Assert.Contains(daemon.Errors, line => line.Contains(
            $"lease {subnet} is gone from the store and is taken back", StringComparison.Ordinal));
    }

    [Fact]
    public void An_own_key_that_another_owner_overwrites_stays_his_and_leads_to_a_new_subnet_at_run_time()
    {
        TestLab lab = NewLab(3);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2, 3)[0];
        lab.AwaitPath(2, 3);
        string before = lab.Subnet(1).Subnet;
        using var others = new SteadyPing(lab, 2, 3);

        etcd.Gateway.PutLease(before, Thief, etcd.Gateway.Grant());
        LeaseKey? stolen = etcd.Gateway.Lease(before);

        daemon.AwaitError("subnet changed from ");
        var after = SubnetFacts.Read(lab.Host(1).SubnetFile);
        Assert.NotEqual(before, after.Subnet);
        Assert.Contains(daemon.Errors, line =>
            line.Contains($"lease {before} is lost", StringComparison.Ordinal)
                && line.Contains(Thief, StringComparison.Ordinal));
        Assert.Equal(stolen, etcd.Gateway.Lease(before));
        Assert.Equal(lab.Host(1).UnderlayAddress.ToString(), etcd.Gateway.Lease(after.Subnet)?.PublicIp);
        lab.RestartPod(1);
        lab.AwaitPath(1, 2);
        lab.AwaitPath(3, 1);
        Assert.False(daemon.HasExited);
        (int sent, int lost) = others.Stop();
        Print($"{sent} pings between the others, {lost} lost");
        Assert.Equal(0, lost);
    }

    [Fact]
    public void An_own_key_put_again_without_a_lease_stays_a_reservation_whatever_renews_it()
    {
        TestLab lab = NewLab(2);
        using LabEtcd etcd = lab.StartEtcd();
        RunningProgram daemon = lab.BringUp(1, 2)[0];
        string subnet = lab.Subnet(1).Subnet;
        etcd.Gateway.PutLease(subnet, lab.Host(1).UnderlayAddress.ToString(), lease: 0);
        LeaseKey reserved = etcd.Gateway.Lease(subnet)!;
        Assert.Equal(0, reserved.LeaseId);

        // A start takes the lease again.
        daemon.Signal("TERM");
        _ = daemon.WaitForExit();
        daemon = lab.Start(1);
        Assert.Equal(subnet, lab.WaitUntilReady(daemon, 1).Subnet);
        Assert.Equal(reserved, etcd.Gateway.Lease(subnet));

        // A start from the snapshot renews it as soon as etcd is there.
        etcd.Kill();
        daemon.Kill();
        daemon = lab.Start(1);
        Assert.Equal(subnet, lab.WaitUntilReady(daemon, 1).Subnet);
        etcd.Restart(TestContext.Current.CancellationToken);
        daemon.AwaitError($"Lease renewed, new expiration: further notice (subnet {subnet})");
        Assert.Equal(reserved, etcd.Gateway.Lease(subnet));
    }
}
