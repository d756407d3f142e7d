using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>How a start gets at config and lease while the store is there, away, or refuses.</summary>
public sealed class LeaseStarterTests : IDisposable
{
    private const string Away = "no connection to 127.0.0.1:2379";

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");
    private static readonly Ipv4Address s_publicIp = Address("192.168.0.34");
    private static readonly LeaseAttributes s_published = new(s_publicIp);

    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-start-").FullName;
    private readonly ManualTime _time = new();
    private readonly LineLog _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedStore _store;
    private readonly SnapshotFile _snapshots;
    private readonly SubnetLease _own;

    public LeaseStarterTests()
    {
        _store = new ScriptedStore(_time);
        _snapshots = new SnapshotFile(_directory, _log) { Health = new HealthBoard(_time) };
        _own = LeaseOf("10.5.34.0", "192.168.0.34", _time.GetUtcNow() + TimeSpan.FromHours(3));
        _store.Acquire = _ => new AcquiredLease(_own, IsNew: true);
    }

    private LeaseSnapshot Snapshot => new(
        _time.GetUtcNow(), _store.Description, s_config, _own, [
            LeaseOf("10.5.99.0", "192.168.0.99"), LeaseOf("10.5.98.0", "192.168.0.98")]);

    public void Dispose()
    {
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_store_that_is_there_is_asked_once_and_nothing_is_reported_of_waiting()
    {
        _snapshots.Write(Snapshot); // of no interest then

        StartingPoint start = await StartAsync(new Ipv4Prefix(Address("10.5.7.0"), 24));

        Assert.Equal(new StartingPoint(s_config, _own, IsNew: true, Peers: null), start);
        Assert.Equal(
            new LeaseRequest(s_published, new Ipv4Prefix(Address("10.5.7.0"), 24)), Assert.Single(_store.Requests));
        Assert.StartsWith(
            "lease 10.5.34.0/24 of network 10.5.0.0/16 acquired", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_backend_publishes_now_goes_before_what_the_snapshot_has()
    {
        var published = new BackendLeaseData("vxlan", """{"VNI":1}""");
        _snapshots.Write(Snapshot);
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);

        StartingPoint start = await StartAsync(published: published);

        Assert.Equal(_own.Subnet, start.Own.Subnet);
        Assert.Equal(s_published with { Backend = published }, start.Own.Attributes);
    }

    [Fact]
    public async Task A_store_that_is_away_is_waited_for_with_growing_pauses_and_logged_at_once_and_once_a_minute()
    {
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        DateTimeOffset began = _time.GetUtcNow();
        Task<StartingPoint> starting = StartAsync();
        const string Line = $"waiting for the lease store scripted: {Away}";
        await Until(() => Said(Line) == 1);
        Assert.Equal(began, _time.GetUtcNow());

        await Pass(() => Said(Line) == 3);

        TimeSpan passed = _time.GetUtcNow() - began;
        Assert.True(passed >= TimeSpan.FromMinutes(2), $"said three times within {passed}");
        // 0.5 + 1 + 2 + 4 + 8 s, then 10 s each; the clock moves in steps of 0.5 s.
        Assert.InRange(_store.ConfigReads, 8, 5 + 2 + (int)(passed.TotalSeconds / 10));
        _store.Config = () => s_config;
        await Pass(() => starting.IsCompleted);
        Assert.Equal(_own, (await starting).Own);
    }

    [Theory]
    [InlineData(0, 0.4)]
    [InlineData(0.5, 0.5)]
    [InlineData(0.999, 0.5996)]
    public async Task The_pauses_of_two_hosts_differ_by_up_to_a_fifth(double chance, double seconds)
    {
        var retry = new StoreRetry(_time, new FixedRandom(chance), _ => { });
        foreach (double nominal in (double[])[1, 2, 4, 8, 16, 20, 20])
        {
            Task pause = retry.PauseAsync(Away, _stop.Token);
            _time.Advance(TimeSpan.FromSeconds(seconds * nominal) - TimeSpan.FromMilliseconds(10));
            Assert.False(pause.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(20));
            await pause.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_store_that_goes_away_between_config_and_lease_is_waited_for_too()
    {
        bool isAway = true;
        _store.Acquire = _ =>
            isAway ? throw new LeaseStoreNotReadyException(Away) : new AcquiredLease(_own, IsNew: true);
        Task<StartingPoint> starting = StartAsync();
        await Until(() => Said("waiting for the lease store") == 1);

        isAway = false;
        await Pass(() => starting.IsCompleted);

        Assert.Equal(_own, (await starting).Own);
        Assert.Equal(1, _store.ConfigReads);
    }

    [Fact]
    public async Task A_stop_ends_the_wait()
    {
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        Task<StartingPoint> starting = StartAsync();
        await Until(() => Said("waiting for the lease store") == 1);

        await _stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => starting.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_store_that_refuses_ends_the_start_with_its_line_whether_there_is_a_snapshot_or_not()
    {
        _snapshots.Write(Snapshot);
        _store.Config = () => throw new LeaseStoreException("wrong password");

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(() => StartAsync());

        Assert.Equal("wrong password", refusal.Message);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task A_refusal_after_a_wait_ends_the_start_as_well()
    {
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        Task<StartingPoint> starting = StartAsync();
        await Until(() => Said("waiting for the lease store") == 1);
        _store.Config = () => throw new LeaseStoreException("the network config is not valid");

        await Pass(() => starting.IsCompleted);

        await Assert.ThrowsAsync<LeaseStoreException>(() => starting);
    }

    [Fact]
    public async Task While_the_store_is_away_a_snapshot_of_it_is_the_start_at_once()
    {
        LeaseSnapshot snapshot = Snapshot;
        _snapshots.Write(snapshot);
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        _store.Acquire = _ => throw new LeaseStoreNotReadyException(Away);
        _time.Advance(TimeSpan.FromHours(2));

        StartingPoint start = await StartAsync();

        Assert.Equal((snapshot.Config, snapshot.Own, false), (start.Config, start.Own, start.IsNew));
        Assert.Equal(snapshot.Peers, start.Peers);
        Assert.Equal(
            $"scripted is away ({Away}): starting from the snapshot of {snapshot.Written:u} with subnet "
                + "10.5.34.0/24, 2 peers",
            Assert.Single(_log.Lines));
    }

    [Fact]
    public async Task A_store_that_went_away_after_its_config_was_read_can_be_started_without_too()
    {
        _snapshots.Write(Snapshot);
        _store.Acquire = _ => throw new LeaseStoreNotReadyException(Away);

        Assert.Equal(2, (await StartAsync()).Peers?.Count);
    }

    [Fact]
    public async Task But_not_with_another_config_than_the_one_read()
    {
        _snapshots.Write(
            Snapshot with { Config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16","SubnetLen":24}""") });
        _store.Acquire = _ => throw new LeaseStoreNotReadyException(Away);

        await IsWaitedForInstead("is of another network config", configIsRead: true);
    }

    [Fact]
    public async Task A_snapshot_whose_lease_has_ended_is_one_warning_and_the_store_is_waited_for()
    {
        _snapshots.Write(Snapshot);
        _time.Advance(TimeSpan.FromHours(4));

        await IsWaitedForInstead($"holds the lease 10.5.34.0/24, which has ended at {_own.Expires:u}");
    }

    [Fact]
    public async Task A_reservation_does_not_end()
    {
        _snapshots.Write(Snapshot with { Own = _own with { Expires = DateTimeOffset.MaxValue } });
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        _time.Advance(TimeSpan.FromDays(300));

        Assert.Equal(DateTimeOffset.MaxValue, (await StartAsync()).Own.Expires);
    }

    [Fact]
    public async Task A_snapshot_of_another_store_is_one_warning()
    {
        _snapshots.Write(Snapshot with { Store = "etcd http://10.0.0.1:2379" });

        await IsWaitedForInstead("is of another store, etcd http://10.0.0.1:2379");
    }

    [Theory]
    [InlineData("etcd:http://a:1/n", "etcd:http://a:1/n", true)]
    [InlineData("etcd:http://a:1,http://b:1/n/m", "etcd:http://c:1,http://b:1/n/m", true)] // a member was replaced
    [InlineData("etcd:http://a:1,http://b:1/n", "etcd:http://b:1,http://a:1/n", true)]
    [InlineData("etcd:http://a:1,http://b:1/n", "etcd:http://c:1,http://d:1/n", false)]
    [InlineData("etcd:http://a:1/n", "etcd:http://a:1/other", false)]
    [InlineData("etcd:http://a:1/n", "etcd:http://a:11/n", false)]
    [InlineData("etcd:http://a:1/n", "etcd:https://a:1/n", false)]
    [InlineData("etcd:http://a:1 n", "etcd:http://a:1/n", false)] // keys n/… and /n/…
    [InlineData("etcd:http://a:1 n/m", "etcd:http://b:1,http://a:1 n/m", true)]
    [InlineData("file:/http://a:1/n", "file:/x,http://a:1/n", false)]
    [InlineData("etcd:http://a:1", "etcd:http://a:1,http://b:1", false)]
    public void A_snapshot_is_of_the_same_etcd_when_prefix_and_an_endpoint_are(
        string snapshot, string store, bool isSame)
    {
        string? fault = (Snapshot with { Store = snapshot }).FaultFor(store, s_publicIp, s_config, _time.GetUtcNow());

        Assert.Equal(isSame ? null : $"is of another store, {snapshot}", fault);
    }

    [Fact]
    public async Task A_snapshot_of_another_public_ip_is_one_warning()
    {
        _snapshots.Write(Snapshot with { Own = LeaseOf("10.5.34.0", "192.168.0.35") });

        await IsWaitedForInstead("is of another public IP, 192.168.0.35");
    }

    [Fact]
    public async Task A_snapshot_that_contradicts_itself_is_one_warning()
    {
        _snapshots.Write(Snapshot with { Peers = [LeaseOf("10.6.1.0", "192.168.0.99")] });

        await IsWaitedForInstead("holds the lease 10.6.1.0/24 of 192.168.0.99, which cannot be");
    }

    [Theory]
    [InlineData("10.5.99.0", "127.0.0.1", "holds the lease 10.5.99.0/24 of 127.0.0.1, which cannot be")]
    [InlineData("10.5.99.0", "224.0.0.1", "holds the lease 10.5.99.0/24 of 224.0.0.1, which cannot be")]
    [InlineData("10.5.98.0", "192.168.0.97", "holds the leases 10.5.98.0/24 of ")]
    [InlineData("10.5.34.0", "192.168.0.97", "holds the leases 10.5.34.0/24 of ")]
    public void A_snapshot_is_judged_as_strictly_as_a_store(string subnet, string publicIp, string fault) =>
        Assert.StartsWith(
        fault,
        (Snapshot with { Peers = [LeaseOf("10.5.98.0", "192.168.0.98"), LeaseOf(subnet, publicIp)] })
            .FaultFor(Snapshot.Store, s_publicIp, s_config, _time.GetUtcNow()),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"schema\":2}")]
    [InlineData("{\"schema\":1,\"written\":\"today\"}")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public async Task A_snapshot_that_is_damaged_is_one_warning(string content)
    {
        await File.WriteAllTextAsync(_snapshots.Path, content, TestContext.Current.CancellationToken);

        await IsWaitedForInstead("cannot be read (");
    }

    [Fact]
    public async Task A_snapshot_that_is_cut_anywhere_is_not_started_from()
    {
        byte[] whole = LeaseSnapshotJson.Write(Snapshot);
        for (int length = 0; length < whole.Length - 1; length += 7)
        {
            byte[] part = whole[..length];
            Assert.Throws<FormatException>(() => LeaseSnapshotJson.Read(part));
        }

        await File.WriteAllBytesAsync(_snapshots.Path, whole[..^20], TestContext.Current.CancellationToken);
        await IsWaitedForInstead("cannot be read (it is not whole: ");
    }

    [Fact]
    public async Task A_directory_in_the_place_of_the_snapshot_is_as_good_as_none()
    {
        Directory.CreateDirectory(_snapshots.Path);
        _store.Config = () => throw new LeaseStoreNotReadyException(Away);

        _ = StartAsync();
        await Until(() => Said("waiting for the lease store") == 1);
        await _stop.CancelAsync();
    }

    // Whoever has not said at which step the store is away: at the first.
    private async Task IsWaitedForInstead(string fault, bool configIsRead = false)
    {
        if (!configIsRead)
        {
            _store.Config = () => throw new LeaseStoreNotReadyException(Away);
        }

        Task<StartingPoint> starting = StartAsync();
        await Until(() => Said("waiting for the lease store") == 1);
        await Pass(() => _store.ConfigReads + _store.Requests.Count > 4);

        Assert.Equal(1, Said($"the snapshot {_snapshots.Path} {fault}"));
        Assert.Equal(1, Said("so it is not started from"));
        _store.Config = () => s_config;
        _store.Acquire = _ => new AcquiredLease(_own, IsNew: true);
        await Pass(() => starting.IsCompleted);
        Assert.Null((await starting).Peers);
    }

    private int Said(string line) => _log.Lines.FindAll(said => said.Contains(line, StringComparison.Ordinal)).Count;

    private async Task<StartingPoint> StartAsync(Ipv4Prefix? previous = null, BackendLeaseData? published = null)
    {
        var starter = new LeaseStarter(_store, _snapshots, s_publicIp, _time, new FixedRandom(0.5), _log);
        return await starter.AcquireAsync(
            await starter.ReadConfigAsync(_stop.Token), published ?? s_published.Backend, previous, _stop.Token);
    }

    // The clock is moved on in steps, and only while the start waits for it: no pause is jumped over.
    private Task Pass(Func<bool> condition) => Until(() =>
    {
        if (condition())
        {
            return true;
        }

        if (_time.IsAwaited)
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }

        return false;
    });
}
