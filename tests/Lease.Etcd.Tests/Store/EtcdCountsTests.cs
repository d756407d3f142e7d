using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Etcd.Store;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

/// <summary>What is counted of the calls to etcd and of the watch.</summary>
public sealed class EtcdCountsTests : IAsyncDisposable
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly EtcdStoreLab _lab = new();

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Requests_are_counted_by_kind_and_outcome_and_the_watch_by_how_often_it_began_again()
    {
        await using EtcdLeaseStore store = _lab.NewStore();
        StoreCounts counts = store.Counts;
        Assert.Null(counts.LastSuccess);
        Assert.Empty(counts.ReadRequests());
        _ = await store.AcquireAsync(s_config, new LeaseRequest(Owner("192.0.2.1"), null), EtcdStoreLab.Cancel);
        Assert.Equal(1, Count("lease_grant", "OK"));
        Assert.Equal(1, Count("txn", "OK"));
        Assert.True(Count("range", "OK") > 0);
        DateTimeOffset success = counts.LastSuccess!.Value;

        await using (var watch = new WatchLog(store, s_config))
        {
            await watch.WaitForAsync(1);
            await Eventually.IsTrue(() => Count("watch", "OK") == 1, Describe);
            long revision = await _lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
            await Eventually.IsTrue(() => counts.Revision == revision, () => $"{counts.Revision}, not {revision}");
            Assert.Empty(counts.ReadWatchRestarts());

            await _lab.WhileCutAsync(watch, () => Task.CompletedTask);
            await Eventually.IsTrue(() => Count("watch", "OK") >= 2, Describe);
            Assert.True(counts.ReadWatchRestarts().Single(each => each.Key == "closed").Value > 0);
            Assert.True(Count("watch", "Unavailable") > 0, Describe());
            Assert.True(counts.LastSuccess > success);
        }

        // It asks no more, so the two agree.
        Assert.All(counts.ReadDurations(), each => Assert.Equal(
            counts.ReadRequests().Where(request => request.Operation == each.Operation).Sum(request => request.Count),
            each.Counts.Sum()));

        long Count(string operation, string code) => counts.ReadRequests()
            .Where(each => (each.Operation, each.Code) == (operation, code)).Sum(each => each.Count);

        string Describe() => string.Join(", ", counts.ReadRequests());
    }

    [Fact]
    public async Task What_a_deaf_watch_has_missed_is_counted_when_a_listing_finds_it()
    {
        await using EtcdLeaseStore store = _lab.NewStore(relist: TimeSpan.FromMilliseconds(200));
        await using var watch = new WatchLog(store, s_config);
        await watch.WaitForAsync("snapshot");
        _lab.Relay.DeafenStreams();
        await _lab.PutLeaseAsync("10.5.8.0-24", "192.0.2.8");
        await Eventually.IsTrue(
            () => store.Counts.ReadDifferences().Any(each => each is { Key: "put", Value: > 0 }),
            () => string.Join("; ", watch.Descriptions));
        Assert.Contains("missed_events", store.Counts.ReadWatchRestarts().Keys);
    }
}
