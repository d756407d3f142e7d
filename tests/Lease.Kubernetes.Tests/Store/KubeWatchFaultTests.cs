using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Overlay.Testing.Kubernetes;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Kubernetes.Tests.Store;

/// <summary>Watches that are cut, expire or are throttled; a server that is away; a token that changes.</summary>
public sealed class KubeWatchFaultTests : IAsyncDisposable
{
    private const string Watch = "watch=true";

    private readonly StandInApiServer _server = new() { Token = "test" };
    private readonly KubeLab _lab;

    public KubeWatchFaultTests() => _lab = new KubeLab(_server.Url, null, "test");

    public async ValueTask DisposeAsync()
    {
        _lab.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_watch_that_is_cut_goes_on_where_it_was_and_nothing_is_told_of_it()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.CloseAll();
        await _lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.2");

        Assert.Equal(2, watch.Updates.Length);
        Assert.Single(_server.Requests, request => request.Contains("limit=", StringComparison.Ordinal));
        Assert.Equal(1, store.Counts.ReadWatchRestarts()["closed"]);
    }

    [Fact]
    public async Task A_watch_whose_time_is_over_is_opened_again_without_a_word()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore(
            options: _lab.Options() with { WatchTime = TimeSpan.FromSeconds(0.5) });
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 2);

        await _lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.2");

        Assert.Equal(2, watch.Updates.Length);
        Assert.Empty(_lab.Warnings);
    }

    [Fact]
    public async Task A_watch_goes_on_behind_the_last_bookmark()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore(
            options: _lab.Options() with { WatchTime = TimeSpan.FromSeconds(0.5) });
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        // A change that no node is part of.
        var pod = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "p" } };
        await _lab.SendAsync(HttpMethod.Post, "api/v1/namespaces/a/pods", pod);
        string behind = $"resourceVersion={_server.Cluster.Version}";
        await Eventually.IsTrue(
            () => _server.Requests.Any(request => request.Contains(behind, StringComparison.Ordinal)), () => behind);

        Assert.Single(watch.Updates);
    }

    [Fact]
    public async Task A_version_that_is_forgotten_means_a_listing_and_the_differences()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await _lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.Refuse(Watch, 500, "not now", times: 1);
        _server.CloseAll();
        _server.Cluster.Remove("api/v1/nodes/n2");
        await _lab.MakeNodeAsync("n3", "10.244.3.0/24", "192.0.2.3");
        _server.Cluster.Forget();
        await Eventually.IsTrue(
            () => Peers(watch) is ["10.244.3.0/24"], () => string.Join("; ", watch.Descriptions));

        Assert.Equal("changes -10.244.2.0/24 10.244.3.0/24=192.0.2.3", watch.Descriptions[^1]);
    }

    [Fact]
    public async Task An_expired_watch_alone_is_no_gap()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.Cluster.Forget();
        _server.CloseAll();
        await WaitForWatchAsync(watch, 3); // the one that is told so, and the one behind the listing

        Assert.Equal(2, _server.Requests.Count(request => request.Contains("limit=", StringComparison.Ordinal)));
        Assert.DoesNotContain("gap", watch.Descriptions);
        Assert.Equal(1, store.Counts.ReadWatchRestarts()["expired"]);
    }

    [Fact]
    public async Task Too_many_requests_are_a_gap_and_are_not_asked_again_before_the_server_says()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        var time = new ManualTime();
        _server.Refuse("limit=", 429, "Too many requests, please try again later.", retryAfter: "30");
        await using KubeLeaseStore store = new(_lab.Options(), time, _lab.Warn, new Random(1));
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync(1);
        Assert.Contains("Too many requests", Assert.IsType<LeaseUpdate.Gap>(watch.Updates[0]).Reason);
        int asked = _server.Requests.Length;

        _server.Allow();
        time.Advance(TimeSpan.FromSeconds(20)); // a fifth less than what was said is the earliest
        Assert.Equal(asked, _server.Requests.Length);
        await watch.WaitForAsync(2, () => time.Advance(TimeSpan.FromSeconds(1)));

        Assert.Equal("snapshot 10.244.1.0/24=192.0.2.1", watch.Descriptions[1]);
    }

    [Fact]
    public async Task A_server_that_is_away_is_one_gap_that_removes_nothing_and_then_a_snapshot()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.GoAway();
        int before = await watch.WaitForAsync("gap");
        _server.Allow();
        await watch.WaitForAsync("snapshot 10.244.1.0/24=192.0.2.1", before);

        Assert.Equal(3, watch.Updates.Length);
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_not_ready_and_nothing_else()
    {
        _server.GoAway();
        await using KubeLeaseStore store = _lab.NewStore();

        LeaseStoreNotReadyException away = await Assert.ThrowsAsync<LeaseStoreNotReadyException>(() =>
            store.AcquireAsync(KubeLab.Config, new LeaseRequest(Owner("192.0.2.1"), null), KubeLab.Cancel));

        Assert.StartsWith($"cannot take a lease: kube-api {_server.Url}", away.Message);
        Assert.DoesNotContain('\n', away.Message);
    }

    [Fact]
    public async Task A_token_that_was_replaced_is_the_next_requests()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.Token = "next";
        await File.WriteAllTextAsync(_lab.TokenFile, "next\n", KubeLab.Cancel);
        _server.CloseAll();
        await WaitForWatchAsync(watch, 2);

        Assert.NotNull(await store.FindOwnAsync(
            KubeLab.Config, new LeaseRequest(Owner("192.0.2.1"), null), KubeLab.Cancel));
        Assert.Single(watch.Updates);
    }

    [Fact]
    public async Task A_cluster_without_the_own_node_is_not_believed_before_a_minute_is_over()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await _lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        var time = new ManualTime();
        await using KubeLeaseStore store = new(_lab.Options(), time, _lab.Warn, new Random(1));
        await store.AcquireAsync(KubeLab.Config, new LeaseRequest(Owner("192.0.2.1"), null), KubeLab.Cancel);
        await using var watch = new WatchLog(store, KubeLab.Config);
        await WaitForWatchAsync(watch, 1);

        _server.GoAway(); // and another comes in its place
        _server.Cluster.Remove("api/v1/nodes/n1");
        _server.Cluster.Remove("api/v1/nodes/n2");
        _server.Cluster.Forget();
        _server.Allow();
        await Eventually.IsTrue(
            () => watch.Updates.OfType<LeaseUpdate.Gap>().Any(gap => gap.Reason.Contains("without this host's own")),
            () => string.Join("; ", watch.Descriptions), () => time.Advance(TimeSpan.FromMilliseconds(50)));
        Assert.Equal(["10.244.2.0/24"], Peers(watch));
        int count = watch.Updates.Length;

        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await watch.WaitForAsync(count + 1, () => time.Advance(TimeSpan.FromMilliseconds(500)));

        Assert.Equal("snapshot 10.244.1.0/24=192.0.2.1", watch.Descriptions[count]);
    }

    [Fact]
    public async Task A_bad_node_removes_nobody_keeps_its_last_good_lease_and_is_told_once()
    {
        await _lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await _lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await using KubeLeaseStore store = _lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.1.0/24=192.0.2.1 10.244.2.0/24=192.0.2.2");

        await _lab.AnnotateAsync("n2", ("public-ip", "not-an-ip"));
        await _lab.MakeNodeAsync("n3", "192.168.0.0/24", "192.0.2.3");
        await _lab.MakeNodeAsync("n4", "10.244.4.0/24", "192.0.2.4");
        await Eventually.IsTrue(
            () => watch.Descriptions[^1].EndsWith("10.244.4.0/24=192.0.2.4", StringComparison.Ordinal),
            () => string.Join("; ", watch.Descriptions));

        var view = new LeaseView(Cidr("10.244.1.0/24"), Ip("192.0.2.1"));
        Assert.All(watch.Updates, update => Assert.Empty(view.Apply(update).Removed));
        Assert.Equal(2, view.Leases.Count);
        Assert.Equal(2, _lab.Warnings.Length);
        Assert.StartsWith("the node n2 keeps the lease it held before: its public-ip 'not-an-ip'", _lab.Warnings[0]);
        Assert.StartsWith(
            "the node n3 is skipped: subnet \"10.244.0.0/16\" specified in the flannel net config doesn't contain "
                + "\"192.168.0.0/24\" PodCIDR of the \"n3\" node",
            _lab.Warnings[1]);
    }

    private static string[] Peers(WatchLog watch)
    {
        var view = new LeaseView(Cidr("10.244.1.0/24"), Ip("192.0.2.1"));
        Array.ForEach(watch.Updates, update => view.Apply(update));
        return [.. view.Leases.Select(lease => lease.Subnet.ToString())];
    }

    private Task WaitForWatchAsync(WatchLog watch, int count) => Eventually.IsTrue(
        () => _server.Requests.Count(request => request.Contains(Watch, StringComparison.Ordinal)) >= count
            && watch.Updates.Length > 0,
        () => $"{count} watches, but only {string.Join("; ", _server.Requests)}");
}
