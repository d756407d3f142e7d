using System;
using System.Threading.Tasks;
using Overlay.Daemon.Leases;
using Overlay.Lease;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>When the own lease is renewed, and that it is taken back when it vanishes.</summary>
public sealed class LeaseKeeperTests : IAsyncDisposable
{
    private const string Renewed = "Lease renewed, new expiration:";

    private readonly LoopRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task The_lease_is_renewed_the_margin_before_its_end_and_not_earlier()
    {
        await _rig.BeginAsync();

        _rig.Time.Advance(TimeSpan.FromHours(23) - TimeSpan.FromMinutes(1));
        _rig.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, _rig.Store.Renewals);
        _rig.Time.Advance(LeaseKeeper.Check);
        await Until(() => _rig.Store.Renewals == 1);
        await _rig.UntilSaid(Renewed);

        _rig.Time.Advance(TimeSpan.FromHours(22));
        Assert.Equal(1, _rig.Store.Renewals);
        _rig.Time.Advance(TimeSpan.FromHours(1));
        await Until(() => _rig.Store.Renewals == 2);
    }

    [Theory]
    [InlineData(1440, 60, 0, 1380)]
    [InlineData(1440, 60, 0.5, 1377.5)]
    [InlineData(1440, 60, 0.99, 1375.05)]
    [InlineData(1440, 1439, 0.99, 0.802)] // a fifth of the minute until it
    [InlineData(1, 60, 0.99, 1 / 6.0)] // a lease shorter than the margin has nothing to be earlier by
    public void A_renewal_is_earlier_by_chance_and_never_later(
        double lifetime, double margin, double chance, double due)
    {
        RenewalClock clock = new(_rig.Time, TimeSpan.FromMinutes(margin), new FixedRandom(chance));
        clock.Set(_rig.Own with { Expires = _rig.Time.GetUtcNow() + TimeSpan.FromMinutes(lifetime) });

        _rig.Time.Advance(TimeSpan.FromMinutes(due) - TimeSpan.FromMilliseconds(10));
        Assert.False(clock.IsDue);
        _rig.Time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.True(clock.IsDue);
    }

    [Fact]
    public async Task A_reservation_is_not_renewed_by_time_but_when_it_is_gone()
    {
        await using var rig = new LoopRig(expires: DateTimeOffset.MaxValue);
        rig.Store.Renew = own => own;
        await rig.BeginAsync();
        rig.Time.Advance(TimeSpan.FromDays(400));
        rig.Store.Tell(new LeaseUpdate.Gap("a mark: what came before has been looked at"));
        await rig.UntilSaid("a mark");
        Assert.Equal(0, rig.Store.Renewals);

        rig.Store.Tell(new LeaseUpdate.Snapshot([]));
        await rig.UntilSaid("Lease renewed, new expiration: further notice");
        Assert.Equal(1, rig.Store.Renewals);
    }

    [Fact]
    public async Task A_wall_clock_set_past_the_end_leads_to_a_renewal_within_seconds()
    {
        await _rig.BeginAsync(LeaseOf("10.5.99.0", "192.168.0.99"));
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        _rig.Time.SetWallClock(TimeSpan.FromHours(30));
        _rig.Time.Advance(LeaseKeeper.Check);

        await Until(() => _rig.Store.Renewals == 1);
        Assert.Equal(1, _rig.Cell.Current.Count);
    }

    [Fact]
    public async Task A_wall_clock_set_back_by_a_year_does_not_put_the_renewal_off()
    {
        await _rig.BeginAsync();
        _rig.Time.SetWallClock(TimeSpan.FromDays(-365));

        _rig.Time.Advance(TimeSpan.FromHours(23));

        await Until(() => _rig.Store.Renewals == 1);
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_each_minute_and_reported_each_time()
    {
        _rig.Store.Renew = _ => throw new LeaseStoreException("disk full");
        _rig.Time.Advance(TimeSpan.FromHours(23));
        await Until(() => _rig.Store.Renewals == 1);
        await _rig.UntilSaid("lease 10.5.34.0/24 could not be renewed, next try in 60 s: disk full");

        _rig.Time.Advance(LeaseKeeper.RetryAfter - LeaseKeeper.Check);
        Assert.Equal(1, _rig.Store.Renewals);
        _rig.Store.Renew = own => own with { Expires = _rig.Time.GetUtcNow() + TimeSpan.FromHours(24) };
        _rig.Time.Advance(LeaseKeeper.Check);
        await Until(() => _rig.Store.Renewals == 2);
        await _rig.UntilSaid(Renewed);
    }

    [Fact]
    public async Task A_store_that_is_back_is_asked_at_once_for_a_renewal_that_failed()
    {
        await _rig.BeginAsync();
        _rig.Store.Tell(new LeaseUpdate.Gap("away"));
        _rig.Store.Renew = _ => throw new LeaseStoreNotReadyException("away");
        _rig.Time.Advance(TimeSpan.FromHours(23));
        await _rig.UntilSaid("could not be renewed");
        _rig.Store.Renew = own => own;

        _rig.Store.Tell(new LeaseUpdate.Snapshot([_rig.Own]));

        await _rig.UntilSaid(Renewed); // with the clock standing still
    }

    [Fact]
    public async Task A_store_that_is_back_is_left_alone_when_no_renewal_is_due()
    {
        await _rig.BeginAsync();
        _rig.Store.Tell(new LeaseUpdate.Gap("away"));
        _rig.Store.Tell(new LeaseUpdate.Snapshot([_rig.Own]));
        await _rig.UntilSaid("lease store can be read again");
        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("a mark")); // causes one by itself, after any other
        await _rig.UntilSaid(Renewed);

        Assert.Equal(1, _rig.Store.Renewals);
    }

    [Fact]
    public async Task A_lease_that_vanishes_from_the_store_is_taken_back_at_once()
    {
        await _rig.BeginAsync();
        Assert.Equal(0, _rig.Store.Renewals);

        _rig.Store.Tell(new LeaseUpdate.Changes([LeaseChange.Removed(_rig.Own.Subnet)]));

        await Until(() => _rig.Store.Renewals == 1);
        await _rig.UntilSaid(Renewed);
        Assert.Contains("lease 10.5.34.0/24 is gone from the store and is taken back", _rig.Log.Lines);
        Assert.Empty(_rig.Moves);
        Assert.Empty(_rig.Store.Requests);
        Assert.False(_rig.Running.IsCompleted);
    }

    [Fact]
    public async Task A_lease_in_question_is_renewed_at_once_with_the_reason_reported()
    {
        await _rig.BeginAsync();

        _rig.Store.Tell(new LeaseUpdate.OwnInQuestion("written by 192.168.0.9"));

        await Until(() => _rig.Store.Renewals == 1);
        Assert.Contains("lease 10.5.34.0/24 is in question and is renewed: written by 192.168.0.9", _rig.Log.Lines);
    }

    [Fact]
    public async Task A_lease_that_the_store_never_shows_as_ours_does_not_become_a_storm_of_renewals()
    {
        await _rig.BeginAsync();
        _rig.Store.Renew = own =>
        {
            _rig.Store.Tell(new LeaseUpdate.Snapshot([])); // what we write is at once reported, without us
            return own;
        };
        _rig.Store.Tell(new LeaseUpdate.Snapshot([]));
        await Until(() => _rig.Store.Renewals == LeaseKeeper.DoubtsAtOnce);
        _rig.Store.Tell(new LeaseUpdate.Gap("a mark"));
        await _rig.UntilSaid("a mark");
        Assert.Equal(LeaseKeeper.DoubtsAtOnce, _rig.Store.Renewals);

        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        await Until(() => _rig.Store.Renewals == LeaseKeeper.DoubtsAtOnce + 1);
    }
}
