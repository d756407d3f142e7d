using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

public sealed class EtcdWatchStateTests : IAsyncDisposable
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");
    private static readonly EtcdKeys s_keys = new("/n");

    private readonly List<string> _warnings = [];
    private readonly EtcdClient _client = new(new EtcdOptions { Endpoints = [new Uri("http://127.0.0.1:1")] });
    private readonly EtcdWatchState _state;

    public EtcdWatchStateTests()
    {
        var writer = new EtcdLeaseWriter(_client, s_keys, TimeProvider.System);
        var keeper = new OwnLeaseKeeper(_client, s_keys, writer, TimeProvider.System, _warnings.Add, new Random(1));
        _state = new EtcdWatchState(s_keys, s_config, keeper, _warnings.Add);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public void A_watch_that_catches_up_goes_on_behind_the_last_event_it_got()
    {
        _state.Apply(Listing(revision: 10));

        _state.Apply(Answer(storeRevision: 5_000, Put("10.5.1.0-24", "192.0.2.1", revision: 12)));
        Assert.Equal(12, _state.Revision);

        _state.Apply(Answer(storeRevision: 6_000));
        Assert.Equal(6_000, _state.Revision);
    }

    [Fact]
    public void An_answer_that_cancels_the_watch_does_not_move_where_it_goes_on()
    {
        _state.Apply(Listing(revision: 10));
        WatchResponse cancelled = Answer(storeRevision: 5_000);
        cancelled.Canceled = true;

        Assert.Empty(_state.Apply(cancelled));

        Assert.Equal(10, _state.Revision);
    }

    [Fact]
    public void An_event_that_a_listing_has_overtaken_changes_nothing()
    {
        _state.Apply(Listing(revision: 20, Read("10.5.1.0-24", "192.0.2.9", revision: 18)));

        Assert.Empty(_state.Apply(Answer(
            storeRevision: 20, Put("10.5.1.0-24", "192.0.2.1", revision: 15), Delete("10.5.1.0-24", revision: 16))));
        Assert.Equal(Ip("192.0.2.9"), Assert.Single(_state.Snapshot().Leases).PublicIp);
    }

    [Fact]
    public void A_key_that_becomes_unreadable_keeps_its_lease_until_it_is_deleted()
    {
        _state.Apply(Listing(revision: 10, Read("10.5.1.0-24", "192.0.2.9", revision: 5)));
        Event bad = Put("10.5.1.0-24", "192.0.2.9", revision: 11);
        bad.Kv.CreateRevision = 5;
        bad.Kv.Value = ByteString.CopyFromUtf8("{");

        _state.Apply(Answer(11, bad));
        Assert.Equal(Ip("192.0.2.9"), Assert.Single(_state.Snapshot().Leases).PublicIp);
        Assert.Contains(
            "/n/subnets/10.5.1.0-24 keeps the lease it held "
                + "before", Assert.Single(_warnings), StringComparison.Ordinal);

        Event again = bad.Clone();
        (again.Kv.CreateRevision, again.Kv.ModRevision) = (13, 13);
        Assert.Equal(
            LeaseChangeKind.Removed,
            Assert.Single(_state.Apply(Answer(13, Delete("10.5.1.0-24", revision: 12), again))).Kind);
        Assert.Equal(2, _warnings.Count);
    }

    [Fact]
    public void Another_cluster_and_an_older_revision_are_strange()
    {
        _state.Apply(Listing(revision: 10));

        Assert.Null(_state.FindStrange(Listing(revision: 10)));
        Assert.Equal(
            ("older revision", "etcd has gone back to revision 9, before 10"),
            _state.FindStrange(Listing(revision: 9)));
        Assert.Equal("older revision", _state.FindStrange(Listing(revision: 8))?.Kind);
        Assert.Equal(
            ("another cluster", "etcd is another cluster now (8, before 7)"),
            _state.FindStrange(Listing(revision: 11) with { ClusterId = 8 }));
        Assert.Equal("another cluster", _state.FindStrange(Listing(revision: 1) with { ClusterId = 9 })?.Kind);
    }

    private static EtcdListing Listing(long revision, params (string Name, EtcdLease Lease)[] leases) =>
        new(ClusterId: 7, revision, leases.ToDictionary(entry => entry.Name, entry => entry.Lease));

    private static (string Name, EtcdLease Lease) Read(string name, string publicIp, long revision) =>
        (name, EtcdLease.Read(name, Put(name, publicIp, revision).Kv, before: null));

    private static WatchResponse Answer(long storeRevision, params Event[] events) =>
        new() { Header = new ResponseHeader { ClusterId = 7, Revision = storeRevision }, Events = { events } };

    private static Event Put(string name, string publicIp, long revision) => new()
    {
        Type = Event.Types.EventType.Put,
        Kv = new KeyValue
        {
            Key = ByteString.CopyFromUtf8(s_keys.Of(name)),
            Value = ByteString.CopyFromUtf8(Value(publicIp)),
            CreateRevision = revision,
            ModRevision = revision,
        },
    };

    private static Event Delete(string name, long revision) => new()
    {
        Type = Event.Types.EventType.Delete,
        Kv = new KeyValue { Key = ByteString.CopyFromUtf8(s_keys.Of(name)), ModRevision = revision },
    };
}
