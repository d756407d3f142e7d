using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Router.Routes;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>A lease that another owner holds is replaced by another one; nothing else changes.</summary>
public sealed class LostLeaseTests : IAsyncDisposable
{
    private static readonly SubnetLease s_peer = LeaseOf("10.5.99.0", "192.168.0.99");
    private static readonly SubnetLease s_thief = LeaseOf("10.5.34.0", "192.168.0.9");

    private readonly LoopRig _rig = new();
    private readonly SubnetLease _next;

    public LostLeaseTests()
    {
        _next = LeaseOf("10.5.77.0", "192.168.0.34", _rig.Time.GetUtcNow() + TimeSpan.FromHours(24));
        _rig.Store.Renew = _ => throw new LeaseLostException("now held by 192.168.0.9");
        _rig.Store.Acquire = _ => new AcquiredLease(_next, IsNew: true);
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Another_subnet_is_taken_and_the_host_moves_there()
    {
        await _rig.BeginAsync(s_peer);
        _rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Put(s_thief)]));

        await Until(() => _rig.Moves.Contains(_next.Subnet));

        Assert.Equal(new Ipv4Prefix(_next.Subnet.Address, 24), _rig.Cell.Current.OwnSubnet);
        Assert.Equal(new LeaseRequest(_rig.Own.Attributes, null, _rig.Own.Subnet), Assert.Single(_rig.Store.Requests));
        Assert.Equal(1, _rig.TimesSaid("lease 10.5.34.0/24 is lost, another one is taken: now held by 192.168.0.9"));
        Assert.Equal(0, _rig.TimesSaid("is gone"));
        Assert.Equal(1, _rig.TimesSaid("lease 10.5.77.0/24 of network 10.5.0.0/16 acquired from scripted until"));
        Assert.False(_rig.Running.IsCompleted);
    }

    [Fact]
    public async Task Who_has_the_lost_subnet_is_a_peer_from_then_on_and_the_others_stay()
    {
        await _rig.BeginAsync(s_peer);
        _rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Put(s_thief)]));

        await Until(() => _rig.Cell.Current.Find(Address("10.5.34.7")) == s_thief.PublicIp);

        Assert.Equal(s_peer.PublicIp, _rig.Cell.Current.Find(Address("10.5.99.7")));
        await _rig.UntilSaid("Subnet added: 10.5.34.0/24 via 192.168.0.9");
    }

    [Fact]
    public async Task Renewals_and_losses_are_those_of_the_new_lease_afterwards()
    {
        await _rig.BeginAsync();
        _rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Put(s_thief)]));
        await Until(() => _rig.Moves.Contains(_next.Subnet));
        SubnetLease? renewed = null;
        _rig.Store.Renew = own => renewed = own;

        _rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Removed(_next.Subnet)]));

        await Until(() => renewed is not null);
        Assert.Equal(_next, renewed);
        Assert.Contains("lease 10.5.77.0/24 is gone from the store and is taken back", _rig.Log.Lines);
    }

    [Fact]
    public async Task The_same_subnet_again_moves_nothing()
    {
        await _rig.BeginAsync(s_peer);
        RouteTable before = _rig.Cell.Current;
        _rig.Store.Acquire = _ => new AcquiredLease(_rig.Own, IsNew: true);

        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("somebody"));

        await _rig.UntilSaid("lease 10.5.34.0/24 of network 10.5.0.0/16 acquired");
        _rig.Store.Tell(new LeaseUpdate.Gap("a mark"));
        await _rig.UntilSaid("a mark");
        Assert.Empty(_rig.Moves);
        Assert.Same(before, _rig.Cell.Current);
    }

    [Theory]
    [InlineData("out of subnets: every /24 is leased", false)]
    [InlineData("no connection", true)]
    [InlineData("permission denied", false)]
    public async Task While_no_other_lease_can_be_had_it_is_tried_again_and_reported_once_a_minute_and_routes_stay(
        string reason, bool isAway)
    {
        await _rig.BeginAsync(s_peer);
        bool refuses = true;
        _rig.Store.Acquire = _ => !refuses ? new AcquiredLease(_next, IsNew: true)
            : throw (isAway ? new LeaseStoreNotReadyException(reason) : new LeaseStoreException(reason));
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("somebody"));
        string line = $"no other lease in place of 10.5.34.0/24 yet, known routes stay and it is tried again: {reason}";
        await _rig.UntilSaid(line);
        DateTimeOffset saidFirst = _rig.Time.GetUtcNow();

        await _rig.UntilWhile(
            TimeSpan.FromSeconds(1), () => _rig.TimesSaid(line) >= 2 && _rig.Store.Requests.Count >= 6);

        TimeSpan passed = _rig.Time.GetUtcNow() - saidFirst;
        Assert.InRange(_rig.TimesSaid(line), 2, 1 + (int)passed.TotalMinutes);
        Assert.Equal(1, _rig.Cell.Current.Count);
        Assert.False(_rig.Running.IsCompleted);
        refuses = false;
        await _rig.UntilWhile(TimeSpan.FromSeconds(1), () => _rig.Moves.Contains(_next.Subnet));
        Assert.Equal(1, _rig.TimesSaid(" is lost, "));
    }

    [Fact]
    public async Task A_subnet_that_is_free_again_meanwhile_is_taken_back()
    {
        await _rig.BeginAsync(s_peer);
        _rig.Store.Acquire = _ =>
        {
            _rig.Store.Renew = own => own; // its new owner has gone
            throw new LeaseStoreException("out of subnets");
        };
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("somebody"));

        await _rig.UntilWhile(TimeSpan.FromSeconds(1), () => _rig.TimesSaid("Lease renewed, new expiration:") == 1);

        Assert.Empty(_rig.Moves);
        Assert.Equal(1, _rig.Cell.Current.Count);
    }

    [Fact]
    public async Task A_stop_while_no_other_lease_can_be_had_ends_at_once()
    {
        await _rig.BeginAsync();
        _rig.Store.Acquire = _ => throw new LeaseStoreNotReadyException("no connection");
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("somebody"));
        await _rig.UntilSaid("no other lease");

        await _rig.StopAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
    }
}
