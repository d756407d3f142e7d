using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Client;
using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Kubernetes.Tests.Store;

/// <summary>
/// What leases in the Kubernetes API do, before the real API server and before its stand-in: so the stand-in is held to
/// the truth.
/// </summary>
public abstract class ApiServerContract
{
    private static readonly LeaseRequest s_udp = new(Owner("192.0.2.1"), null);

    internal abstract Task<KubeLab> LabAsync();

    [Fact]
    public async Task A_lease_is_the_nodes_podCIDR_and_its_annotations_are_stocks_byte_for_byte()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24,fd00:0:0:3::/64");
        await using KubeLeaseStore store = lab.NewStore();

        AcquiredLease taken = await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel);

        Assert.Equal(Cidr("10.244.3.0/24"), taken.Lease.Subnet);
        Assert.False(taken.Lease.IsReservation);
        Assert.Equal(
            ["backend-data=null", "backend-type=", "kube-subnet-manager=true", "public-ip=192.0.2.1"],
            await lab.ReadAnnotationsAsync("n1"));
    }

    [Fact]
    public async Task What_vxlan_publishes_is_stocks_text()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        LeaseRequest request = s_udp with
        {
            Attributes = Owner("192.0.2.1") with
            {
                Backend = new BackendLeaseData("vxlan", """{"VNI":1,"VtepMAC":"c6:d2:32:6f:8f:44"}"""),
            },
        };

        await store.AcquireAsync(KubeLab.Config, request, KubeLab.Cancel);

        Assert.Equal(
            [
                """backend-data={"VNI":1,"VtepMAC":"c6:d2:32:6f:8f:44"}""", "backend-type=vxlan",
                "kube-subnet-manager=true", "public-ip=192.0.2.1",
            ],
            await lab.ReadAnnotationsAsync("n1"));
        Assert.Equal(
            request.Attributes, (await store.FindOwnAsync(KubeLab.Config, s_udp, KubeLab.Cancel))?.Attributes);
    }

    [Fact]
    public async Task Nothing_is_written_where_nothing_differs()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        SubnetLease own = (await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel)).Lease;
        string version = $"{(await lab.ReadNodeAsync("n1"))["metadata"]!["resourceVersion"]}";

        await store.RenewAsync(own, KubeLab.Cancel);
        await store.ReleaseAsync(own, KubeLab.Cancel);

        Assert.Equal(version, $"{(await lab.ReadNodeAsync("n1"))["metadata"]!["resourceVersion"]}");
    }

    [Fact]
    public async Task A_public_ip_overwrite_is_published_and_the_lease_still_is_our_own()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await lab.AnnotateAsync("n1", ("public-ip-overwrite", "172.18.0.2"));
        await using KubeLeaseStore store = lab.NewStore();

        AcquiredLease taken = await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel);

        Assert.Equal(Ip("192.0.2.1"), taken.Lease.PublicIp);
        Assert.Contains("public-ip=172.18.0.2", await lab.ReadAnnotationsAsync("n1"));
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.3.0/24=192.0.2.1");

        await using KubeLeaseStore peer = lab.NewStore("n2");
        await using var seen = new WatchLog(peer, KubeLab.Config);
        await seen.WaitForAsync("snapshot 10.244.3.0/24=172.18.0.2");
    }

    [Fact]
    public async Task A_public_address_of_the_node_goes_before_any_other_and_a_later_one_asks_for_another_start()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        Assert.Null(await store.FindPublicIpAsync(KubeLab.Cancel));
        await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel);
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.3.0/24=192.0.2.1");

        await lab.AnnotateAsync("n1", ("node-public-ip", "192.0.2.9"));

        await Eventually.IsTrue(
            () => watch.Updates.OfType<LeaseUpdate.HostChanged>().Any(), () => string.Join("; ", watch.Descriptions));
        Assert.Contains("192.0.2.9", watch.Updates.OfType<LeaseUpdate.HostChanged>().First().Reason);
        Assert.Equal(Ip("192.0.2.9"), await store.FindPublicIpAsync(KubeLab.Cancel));
    }

    [Fact]
    public async Task A_node_appears_changes_and_vanishes()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await lab.MakeNodeAsync("unmanaged", "10.244.9.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.1.0/24=192.0.2.1");

        await lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2", "vxlan");
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.2");
        await lab.AnnotateAsync("n2", ("public-ip", "192.0.2.7"));
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.7");
        await lab.DeleteNodeAsync("n2");
        int before = await watch.WaitForAsync("changes -10.244.2.0/24");

        // The same name with another podCIDR, which stock does not notice.
        await lab.MakeNodeAsync("n2", "10.244.5.0/24", "192.0.2.7");
        await watch.WaitForAsync("changes 10.244.5.0/24=192.0.2.7", before);
        await lab.AnnotateAsync("n2", ("kube-subnet-manager", null));
        await watch.WaitForAsync("changes -10.244.5.0/24", before);
        Assert.Empty(lab.Warnings);
    }

    [Fact]
    public async Task What_the_kubelet_reports_changes_nothing()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.1.0/24", "192.0.2.1");
        await using KubeLeaseStore store = lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.1.0/24=192.0.2.1");

        await lab.AnnotateAsync("n1", ("of-somebody-else", "x"));
        await lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.2");

        Assert.Equal(2, watch.Updates.Length);
    }

    [Fact]
    public async Task An_annotation_of_ours_that_somebody_changes_is_questioned_and_written_again()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        SubnetLease own = (await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel)).Lease;
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.3.0/24=192.0.2.1");

        await lab.AnnotateAsync("n1", ("public-ip", "192.0.2.66"));
        int before = await watch.WaitForAsync("question");
        await store.RenewAsync(own, KubeLab.Cancel);

        Assert.Contains("public-ip=192.0.2.1", await lab.ReadAnnotationsAsync("n1"));
        await watch.WaitForAsync("changes 10.244.3.0/24=192.0.2.1", before);
    }

    [Fact]
    public async Task Another_podCIDR_of_the_own_node_is_a_lease_lost_and_the_next_one_is_the_new()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        SubnetLease own = (await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel)).Lease;

        await lab.DeleteNodeAsync("n1");
        LeaseStoreException gone = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.RenewAsync(own, KubeLab.Cancel));
        Assert.Contains("nodes \"n1\" not found; set NODE_NAME", gone.Message);
        await lab.MakeNodeAsync("n1", "10.244.4.0/24");
        LeaseLostException lost = await Assert.ThrowsAsync<LeaseLostException>(
            () => store.RenewAsync(own, KubeLab.Cancel));

        Assert.Equal("the node n1 has the podCIDR 10.244.4.0/24 in place of 10.244.3.0/24", lost.Message);
        Assert.Equal(
            Cidr("10.244.4.0/24"), (await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel)).Lease.Subnet);
    }

    [Fact]
    public async Task A_node_without_podCIDR_is_waited_for_with_one_line_in_stocks_words()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", null);
        await using KubeLeaseStore store = lab.NewStore();

        Task<AcquiredLease> taking = store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel);
        await Eventually.IsTrue(() => lab.Warnings.Length > 0, () => "a warning");
        await lab.SendAsync(
            HttpMethod.Put, "api/v1/nodes/n1", KubeLab.NodeOf("n1", "10.244.6.0/24"));

        Assert.Equal(Cidr("10.244.6.0/24"), (await taking).Lease.Subnet);
        Assert.StartsWith("node \"n1\" pod cidr not assigned; run kube-controller-manager with", lab.Warnings[0]);
    }

    [Fact]
    public async Task The_condition_NetworkUnavailable_is_set_in_stocks_words_beside_the_others()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();

        await store.AnnounceReadyAsync(KubeLab.Cancel);

        JsonNode condition = (await lab.ReadNodeAsync("n1"))["status"]!["conditions"]!.AsArray()
            .Single(each => $"{each!["type"]}" == "NetworkUnavailable")!;
        Assert.Equal("False", $"{condition["status"]}");
        Assert.Equal("FlannelIsUp", $"{condition["reason"]}");
        Assert.Equal("Flannel is running on this node", $"{condition["message"]}");
        Assert.NotNull(condition["lastHeartbeatTime"]);
    }

    [Fact]
    public async Task The_node_is_found_by_the_pod()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await MakePodAsync(lab);
        KubeOptions options = lab.Options(node: null) with { PodName = "overlay-x", PodNamespace = "kube-system" };
        await using KubeLeaseStore store = lab.NewStore(options: options);

        AcquiredLease taken = await store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel);

        Assert.Equal(Cidr("10.244.3.0/24"), taken.Lease.Subnet);
    }

    [Fact]
    public async Task More_nodes_than_a_page_are_all_there()
    {
        using KubeLab lab = await LabAsync();
        for (int i = 0; i < 520; i++)
        {
            await lab.MakeNodeAsync($"n{i}", $"10.244.{i / 4}.{i % 4 * 64}/26", "192.0.2.1");
        }

        await using KubeLeaseStore store = lab.NewStore();
        await using var watch = new WatchLog(store, KubeLab.Config);

        LeaseUpdate.Snapshot all = Assert.IsType<LeaseUpdate.Snapshot>(await watch.WaitForAsync(1));
        Assert.Equal(520, all.Leases.Count);
    }

    [Fact]
    public async Task A_token_that_is_not_known_is_one_line()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        await using KubeLeaseStore store = lab.NewStore();
        await System.IO.File.WriteAllTextAsync(lab.TokenFile, "stale", KubeLab.Cancel);

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(KubeLab.Config, s_udp, KubeLab.Cancel));

        Assert.Contains("says: Unauthorized; check the user in ", refusal.Message);
    }

    [Fact]
    public async Task A_watch_behind_a_version_that_is_forgotten_stands_and_its_only_event_says_410()
    {
        using KubeLab lab = await LabAsync();
        using ApiClient client = lab.NewClient();

        await using NodeWatchStream stream = await client.WatchNodesAsync(
            "1", TimeSpan.FromSeconds(60), KubeLab.Cancel);

        NodeEvent only = Assert.Single(await stream.ReadAsync(KubeLab.Cancel));
        Assert.Equal((NodeEventKind.Error, 410), (only.Kind, only.Error?.Code));
        Assert.StartsWith("too old resource version: 1", only.Error?.Message);
    }

    [Fact]
    public async Task A_watch_without_events_ends_with_its_time_and_has_bookmarks_at_most()
    {
        using KubeLab lab = await LabAsync();
        await lab.MakeNodeAsync("n1", "10.244.3.0/24");
        using ApiClient client = lab.NewClient();
        NodePage page = await client.ListNodesAsync(null, KubeLab.Cancel);
        await using NodeWatchStream stream = await client.WatchNodesAsync(
            page.ResourceVersion, TimeSpan.FromSeconds(1), KubeLab.Cancel);

        List<NodeEvent> events = [];
        while (await stream.ReadAsync(KubeLab.Cancel) is { Count: > 0 } some)
        {
            events.AddRange(some);
        }

        Assert.All(events, each => Assert.Equal(NodeEventKind.Bookmark, each.Kind));
    }

    private static async Task MakePodAsync(KubeLab lab)
    {
        JsonObject pod = JsonNode.Parse(
            """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"overlay-x","namespace":"kube-system"},
             "spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}
            """)!.AsObject();
        await lab.SendAsync(HttpMethod.Post, "api/v1/namespaces/kube-system/pods", pod);
    }
}
