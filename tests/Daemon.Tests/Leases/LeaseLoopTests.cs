using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Overlay.Daemon.Leases;
using Overlay.Lease;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Leases;

public sealed class LeaseLoopTests : IAsyncLifetime
{
    private static readonly Ipv4Prefix s_network = new(Address("10.5.0.0"), 16);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly FakeStore _store = new();
    private readonly RouteTableCell _cell = new();
    private readonly LineLog _log = new();
    private readonly CancellationTokenSource _stop = new();
    private SubnetLease _own = null!; // set before every test
    private LeaseLoop _loop = null!;  // set before every test
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _own = new SubnetLease(
            new Ipv4Prefix(Address("10.5.34.0"), 24), new LeaseAttributes(Address("192.168.0.34")), _time.GetUtcNow() + TimeSpan.FromHours(24));
        _store.Time = _time;
        _loop = new LeaseLoop(
            _store, NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}"""), _own, new RoutePublisher(_cell, s_network, _own.Subnet), _time, _log);
        _running = _loop.RunAsync(_stop.Token);
        await Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Fact]
    public async Task Leases_become_routes_and_the_own_one_does_not()
    {
        _store.Tell(new LeaseUpdate.Snapshot([_own, Peer("10.5.99.0", "192.168.0.99")]));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.Equal(Address("192.168.0.99"), _cell.Current.Find(Address("10.5.99.7")));
        Assert.Equal(1, _cell.Current.Count);
        Assert.Contains("Subnet added: 10.5.99.0/24 via 192.168.0.99", _log.Lines);
    }

    [Fact]
    public async Task A_gap_at_the_start_does_not_hold_the_start_up_and_later_removes_nothing()
    {
        _store.Tell(new LeaseUpdate.Gap("away"));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        _store.Tell(new LeaseUpdate.Snapshot([_own, Peer("10.5.99.0", "192.168.0.99")]));
        await Until(() => _cell.Current.Count == 1);
        _store.Tell(new LeaseUpdate.Gap("away again"));
        await Until(() => _log.Lines.Contains("lease store cannot be read, known routes stay: away again"));

        Assert.Equal(1, _cell.Current.Count);
        Assert.Contains("lease store can be read again", _log.Lines);
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_line()
    {
        var leases = new List<SubnetLease> { _own };
        for (int i = 100; i < 120; i++)
        {
            leases.Add(Peer($"10.5.{i}.0", $"192.168.0.{i}"));
        }

        _store.Tell(new LeaseUpdate.Snapshot(leases));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        await Until(() => _log.Lines.Contains("Subnets: 20 added, 0 changed, 0 removed, 20 in all"));
    }

    [Fact]
    public async Task The_lease_is_renewed_an_hour_before_its_end_and_not_earlier()
    {
        _store.Tell(new LeaseUpdate.Snapshot([_own]));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromHours(23) - TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, _store.Renewals);
        _time.Advance(LeaseLoop.RenewalCheck);
        await Until(() => _store.Renewals == 1);
        await Until(() => _log.Lines.Exists(line => line.StartsWith("lease 10.5.34.0/24 renewed until", StringComparison.Ordinal)));

        _time.Advance(TimeSpan.FromHours(22));
        Assert.Equal(1, _store.Renewals);
        _time.Advance(TimeSpan.FromHours(1));
        await Until(() => _store.Renewals == 2);
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_each_minute_and_said_each_time()
    {
        _store.RenewalProblem = new LeaseStoreException("disk full");
        _time.Advance(TimeSpan.FromHours(23));
        await Until(() => _store.Renewals == 1);
        await Until(() => _log.Lines.Contains("lease 10.5.34.0/24 could not be renewed, next try in 60 s: disk full"));

        _store.RenewalProblem = null;
        _time.Advance(LeaseLoop.RenewalCheck);
        await Until(() => _store.Renewals == 2);
        await Until(() => _log.Lines.Exists(line => line.Contains("renewed until", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_lease_that_vanishes_from_the_store_is_renewed_at_once()
    {
        _store.Tell(new LeaseUpdate.Snapshot([_own]));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, _store.Renewals);

        _store.Tell(new LeaseUpdate.Changes([LeaseChange.Removed(_own.Subnet)]));
        await Until(() => _store.Renewals == 1);
    }

    [Fact]
    public async Task A_lease_that_another_owner_holds_ends_the_loop_with_its_line()
    {
        _store.RenewalProblem = new LeaseLostException("now held by 192.168.0.9");
        _store.Tell(new LeaseUpdate.Snapshot([Peer("10.5.34.0", "192.168.0.9")]));

        LeaseLostException lost = await Assert.ThrowsAsync<LeaseLostException>(
            () => _running.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.Equal("now held by 192.168.0.9", lost.Message);
    }

    [Fact]
    public async Task A_watch_that_breaks_ends_the_loop_instead_of_going_on_with_old_routes()
    {
        _store.Tell(new LeaseUpdate.Snapshot([_own]));
        await _loop.FirstUpdate.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        _store.Break(new InvalidOperationException("broken"));

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _running.WaitAsync(s_patience, TestContext.Current.CancellationToken));
    }

    private static SubnetLease Peer(string subnet, string publicIp) =>
        new(new Ipv4Prefix(Address(subnet), 24), new LeaseAttributes(Address(publicIp)), DateTimeOffset.MaxValue);

    private static async Task Until(Func<bool> condition)
    {
        for (long began = Environment.TickCount64; !condition(); await Task.Delay(5, TestContext.Current.CancellationToken))
        {
            Assert.True(Environment.TickCount64 - began < s_patience.TotalMilliseconds, "not within the deadline");
        }
    }

    private sealed class FakeStore : ILeaseStore
    {
        private readonly Channel<LeaseUpdate> _updates = Channel.CreateUnbounded<LeaseUpdate>();
        private int _renewals;

        internal TimeProvider Time { get; set; } = TimeProvider.System;

        internal LeaseStoreException? RenewalProblem { get; set; }

        internal int Renewals => Volatile.Read(ref _renewals);

        public string Description => "fake";

        internal void Tell(LeaseUpdate update) => _updates.Writer.TryWrite(update);

        internal void Break(Exception problem) => _updates.Writer.Complete(problem);

        public Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<AcquiredLease> AcquireAsync(NetworkConfig config, LeaseRequest request, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task ReleaseAsync(SubnetLease own, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<SubnetLease> RenewAsync(SubnetLease own, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _renewals);
            return RenewalProblem is null
                ? Task.FromResult(own with { Expires = Time.GetUtcNow() + TimeSpan.FromHours(24) })
                : Task.FromException<SubnetLease>(RenewalProblem);
        }

        public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
            NetworkConfig config, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (LeaseUpdate update in _updates.Reader.ReadAllAsync(cancellationToken))
            {
                yield return update;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
