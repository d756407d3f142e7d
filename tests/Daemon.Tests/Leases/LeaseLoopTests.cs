using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Health;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>What the store tells becomes routes.</summary>
public sealed class LeaseLoopTests : IAsyncDisposable
{
    private static readonly SubnetLease s_peer = LeaseOf("10.5.99.0", "192.168.0.99");

    private readonly LoopRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Leases_become_routes_and_the_own_one_does_not()
    {
        await _rig.BeginAsync(s_peer);

        Assert.Equal(Address("192.168.0.99"), _rig.Cell.Current.Find(Address("10.5.99.7")));
        Assert.Equal(1, _rig.Cell.Current.Count);
        Assert.Contains("Subnet added: 10.5.99.0/24 via 192.168.0.99", _rig.Log.Lines);
    }

    [Fact]
    public async Task A_gap_at_the_start_does_not_hold_the_start_up_and_later_removes_nothing()
    {
        _rig.Store.Tell(new LeaseUpdate.Gap("away"));
        await _rig.Loop.FirstUpdate.WaitAsync(Patience, TestContext.Current.CancellationToken);
        _rig.Store.Tell(new LeaseUpdate.Snapshot([_rig.Own, s_peer]));
        await Until(() => _rig.Cell.Current.Count == 1);
        _rig.Store.Tell(new LeaseUpdate.Gap("away again"));
        await _rig.UntilSaid("lease store cannot be read, known routes stay: away again");

        Assert.Equal(1, _rig.Cell.Current.Count);
        Assert.Contains("lease store can be read again", _rig.Log.Lines);
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_line()
    {
        await _rig.BeginAsync([.. Enumerable.Range(100, 20).Select(i => LeaseOf($"10.5.{i}.0", $"192.168.0.{i}"))]);
        await _rig.UntilSaid("Subnets: 20 added, 0 changed, 0 removed, 20 in all");
    }

    [Fact]
    public async Task A_watch_that_breaks_ends_the_loop_instead_of_going_on_with_old_routes()
    {
        await _rig.BeginAsync();
        _rig.Store.Break(new InvalidOperationException("broken"));

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _rig.Running.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_watch_that_ends_by_itself_ends_the_loop_too_and_whoever_waits_for_its_first_answer()
    {
        _rig.Store.EndWatch();

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _rig.Running.WaitAsync(Patience, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _rig.Loop.FirstUpdate.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task No_route_is_dropped_because_time_has_passed_however_its_lease_was_dated()
    {
        await _rig.BeginAsync(LeaseOf("10.5.99.0", "192.168.0.99", _rig.Time.GetUtcNow() + TimeSpan.FromHours(1)));

        _rig.Time.Advance(TimeSpan.FromDays(3)); // as after a resume from suspend
        await Until(() => _rig.Store.Renewals == 1);
        await _rig.UntilSaid("Lease renewed, new expiration:");

        Assert.Equal(1, _rig.Cell.Current.Count);
    }

    [Fact]
    public async Task A_further_lease_that_names_this_host_is_its_own_until_it_is_gone_and_in_the_snapshot()
    {
        SubnetLease second = LeaseOf("10.5.250.0", "192.168.0.34");
        await using (var rig = new LoopRig())
        {
            await rig.BeginAsync(s_peer);
            rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Put(second)]));
            await rig.UntilSaid("Subnet of this host too, by its public IP 192.168.0.34: 10.5.250.0/24");
            Assert.True(rig.Cell.Current.IsOwn(Address("10.5.250.9")));
            Assert.Equal(1, rig.Cell.Current.Count);

            rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Removed(second.Subnet)]));
            await rig.UntilSaid("Subnet of this host no longer: 10.5.250.0/24");
            Assert.False(rig.Cell.Current.IsOwn(Address("10.5.250.9")));
        }

        await using var later = new LoopRig(peers: [s_peer, second]);
        Assert.True(later.Cell.Current.IsOwn(Address("10.5.250.9")));
        Assert.Equal(1, later.Cell.Current.Count);
    }

    [Fact]
    public async Task Leases_of_other_backends_are_named_once_get_no_route_and_are_in_the_snapshot()
    {
        await using var rig = new LoopRig(takes: backend => backend.Type != "vxlan");
        SubnetLease[] others =
        [
            .. Enumerable.Range(100, 6).Select(i => LeaseOf($"10.5.{i}.0", $"192.168.0.{i}")).Select(lease =>
                lease with { Attributes = lease.Attributes with { Backend = new BackendLeaseData("vxlan") } }),
        ];
        await rig.BeginAsync([s_peer, .. others]);
        rig.Store.Tell(new LeaseUpdate.Snapshot([rig.Own, .. others[..5]]));
        await Until(() => rig.Cell.Current.Count == 0 && rig.Loop.LeftOut.Count == 5);
        await rig.UntilSaid("Subnet removed: 10.5.99.0/24");

        Assert.Equal(
            "left out, because this host's backend is host-gw: 10.5.100.0/24 (vxlan), 10.5.101.0/24 (vxlan), "
                + "10.5.102.0/24 (vxlan), 10.5.103.0/24 (vxlan) and 2 more; set every host's network config to one "
                + "backend and restart those that have another",
            Assert.Single(rig.Log.Lines, line => line.StartsWith("left out", StringComparison.Ordinal)));
        await rig.UntilWhile(SnapshotWriter.Gather, () => rig.Saved() is { Peers.Count: 5 });
    }

    [Fact]
    public async Task Peers_of_a_snapshot_are_routes_at_once_and_the_stores_first_answer_corrects_them_in_one_step()
    {
        await using var rig = new LoopRig(peers: [s_peer, LeaseOf("10.5.98.0", "192.168.0.98")]);
        Assert.True(rig.Loop.FirstUpdate.IsCompletedSuccessfully);
        Assert.Equal(2, rig.Cell.Current.Count);
        Assert.Equal(new Ipv4Prefix(Address("10.5.34.0"), 24), rig.Cell.Current.OwnSubnet);

        rig.Store.Tell(new LeaseUpdate.Gap("away"));
        await rig.UntilSaid("known routes stay: away");
        Assert.Equal(2, rig.Cell.Current.Count);
        var seen = new HashSet<int>();
        rig.Store.Tell(new LeaseUpdate.Snapshot([rig.Own, s_peer, LeaseOf("10.5.97.0", "192.168.0.97")]));
        await Until(() =>
        {
            seen.Add(rig.Cell.Current.Count);
            return !rig.Cell.Current.Find(Address("10.5.97.1")).IsUnspecified;
        });

        Assert.Equal([2], seen); // never without a route that is still right
        Assert.Equal(default, rig.Cell.Current.Find(Address("10.5.98.1")));
        await rig.UntilSaid("Subnet removed: 10.5.98.0/24");
        Assert.Equal(0, rig.TimesSaid("Subnet added: 10.5.99.0/24"));
    }

    [Fact]
    public async Task A_lease_of_a_snapshot_is_confirmed_at_once_and_again_as_soon_as_the_store_answers()
    {
        await using var rig = new LoopRig(peers: []);
        await Until(() => rig.Store.Renewals == 1);

        await using var away = new LoopRig(
            peers: [], script: store => store.Renew = _ => throw new LeaseStoreNotReadyException("no connection"));
        away.Store.Tell(new LeaseUpdate.Gap("no connection"));
        await away.UntilSaid("could not be renewed, next try in 60 s: no connection");
        await away.UntilSaid("known routes stay: no connection");
        away.Store.Renew = own => own;
        away.Store.Tell(new LeaseUpdate.Snapshot([away.Own]));

        await away.UntilSaid("Lease renewed, new expiration:"); // with the clock standing still
    }

    [Fact]
    public async Task A_store_that_refuses_to_show_its_config_has_not_changed_it_but_one_that_is_not_valid_is_another()
    {
        await using var rig = new LoopRig(
            peers: [], script: store => store.Config = () => throw new LeaseStoreException("the token has expired"));
        await Until(() => rig.Store.ConfigReads == 1);
        rig.Store.Tell(new LeaseUpdate.OwnInQuestion("again"));
        await Until(() => rig.Store.ConfigReads == 2);
        rig.Store.Config = () => throw new LeaseStoreException("not valid", new NetworkConfigException("not valid"));
        Assert.Equal(0, rig.TimesSaid("network config"));

        rig.Store.Tell(new LeaseUpdate.OwnInQuestion("and again"));

        await rig.UntilSaid("the network config of scripted is another one than the snapshot's");
        Assert.Contains(rig.Health.ReadAll(), warning => warning.Code == HealthCodes.ConfigChanged);
    }

    [Fact]
    public async Task A_config_that_has_changed_since_the_snapshot_is_one_warning_and_an_equal_one_is_none()
    {
        await using var rig = new LoopRig(
            peers: [], script: store => store.Config = () => throw new LeaseStoreNotReadyException("no config"));
        await Until(() => rig.Store.ConfigReads > 0);
        rig.Store.Config = () => NetworkConfig.Parse("""{"Network":"10.6.0.0/16"}""");
        rig.Store.Tell(new LeaseUpdate.OwnInQuestion("again"));
        await rig.UntilSaid("the network config of scripted is another one than the snapshot's");

        await using var same = new LoopRig(peers: [], script: store => store.Config = () => Config);
        await Until(() => same.Store.ConfigReads == 1);
        same.Store.Tell(new LeaseUpdate.OwnInQuestion("again"));
        await Until(() => same.Store.Renewals == 2);
        Assert.Equal(0, same.TimesSaid("network config"));
    }

    [Fact]
    public async Task What_is_applied_and_gets_no_further_hangs_and_a_store_that_does_not_answer_is_waited_for()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var progress = new WorkerProgress(_rig.Time, TimeSpan.FromSeconds(10));
        using var asked = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        await using var rig = new LoopRig(turns: progress.Watch("leases"));
        rig.Store.Renew = own =>
        {
            asked.Set();
            go.Wait(cancellation);
            return own;
        };
        await rig.BeginAsync();
        rig.Store.Tell(new LeaseUpdate.OwnInQuestion("somebody has written it"));
        Assert.True(asked.Wait(Patience, cancellation));
        await Until(() => !rig.Turns.IsInTurn);
        Assert.Empty(progress.FindHung());
        _rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(progress.FindHung());
        go.Set();

        using var inside = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        rig.Applying = () =>
        {
            inside.Set();
            leave.Wait(cancellation);
        };
        rig.Store.Tell(new LeaseUpdate.Snapshot([rig.Own, s_peer]));
        Assert.True(inside.Wait(Patience, cancellation));
        Assert.Empty(progress.FindHung());
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["leases"], progress.FindHung());
        leave.Set();
        await Until(() => progress.FindHung().Count == 0);
    }
}
