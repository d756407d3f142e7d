using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Kubernetes.Tests.Store;

/// <summary>The rights that the manifest gives are enough, and none is too many: before a real API server.</summary>
public sealed class ShippedRightsTests(SharedKubeApiServer shared) : IClassFixture<SharedKubeApiServer>
{
    private const string User = "overlay";

    private static readonly LeaseRequest s_request = new(Owner("192.0.2.1"), null);

    [Fact]
    public async Task The_manifest_is_taken_by_an_API_server()
    {
        using KubeLab lab = await LabAsync();
        foreach (JsonObject each in ShippedManifest.Objects())
        {
            await PutAsync(lab, each);
        }

        JsonObject daemons = await lab.SendAsync(HttpMethod.Get, "apis/apps/v1/namespaces/overlay/daemonsets/overlay");
        JsonNode pod = daemons["spec"]!["template"]!["spec"]!;
        Assert.Equal("overlay", $"{pod["serviceAccountName"]}");
        Assert.False(pod["containers"]![0]!["securityContext"]!["privileged"]!.GetValue<bool>());
    }

    [Fact]
    public async Task With_the_rights_of_the_manifest_everything_works()
    {
        using KubeLab lab = await LabAsync();
        await GiveAsync(lab, without: null);
        await using KubeLeaseStore store = lab.NewStore();

        Assert.Null(await store.FindPublicIpAsync(KubeLab.Cancel));
        SubnetLease own = (await store.AcquireAsync(KubeLab.Config, s_request, KubeLab.Cancel)).Lease;
        await store.RenewAsync(own, KubeLab.Cancel);
        await store.AnnounceReadyAsync(KubeLab.Cancel);
        await using var watch = new WatchLog(store, KubeLab.Config);
        await watch.WaitForAsync("snapshot 10.244.1.0/24=192.0.2.1");
        await lab.MakeNodeAsync("n2", "10.244.2.0/24", "192.0.2.2");
        await watch.WaitForAsync("changes 10.244.2.0/24=192.0.2.2");

        Assert.Equal(2, watch.Updates.Length);
        Assert.Empty(lab.Warnings);
    }

    [Theory]
    [InlineData("get nodes", "nodes \"n1\" is forbidden: User \"overlay\" cannot get resource \"nodes\"")]
    [InlineData(
        "patch nodes/status", "nodes \"n1\" is forbidden: User \"overlay\" cannot patch resource \"nodes/status\"")]
    public async Task Without_what_a_lease_needs_the_start_ends_with_one_line(string right, string expected)
    {
        using KubeLab lab = await LabAsync();
        await GiveAsync(lab, right);
        await using KubeLeaseStore store = lab.NewStore();

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.AcquireAsync(KubeLab.Config, s_request, KubeLab.Cancel));

        AssertLine(refusal.Message, expected, right);
    }

    [Theory]
    [InlineData("list nodes", "nodes is forbidden: User \"overlay\" cannot list resource \"nodes\"")]
    [InlineData("watch nodes", "User \"overlay\" cannot watch resource \"nodes\"")]
    public async Task Without_what_the_peers_need_there_is_a_gap_of_one_line(string right, string expected)
    {
        using KubeLab lab = await LabAsync();
        await GiveAsync(lab, right);
        await using KubeLeaseStore store = lab.NewStore();
        await store.AcquireAsync(KubeLab.Config, s_request, KubeLab.Cancel);
        await using var watch = new WatchLog(store, KubeLab.Config);

        int count = await watch.WaitForAsync("gap");

        AssertLine(Assert.IsType<LeaseUpdate.Gap>(watch.Updates[count - 1]).Reason, expected, right);
    }

    // The manifest gives the node's name, so this right is none of its.
    [Fact]
    public async Task A_node_that_is_to_be_found_by_the_pod_needs_one_right_more()
    {
        using KubeLab lab = await LabAsync();
        await GiveAsync(lab, without: null);
        KubeOptions options = lab.Options(node: null) with { PodName = "p", PodNamespace = "kube-system" };
        await using KubeLeaseStore store = lab.NewStore(options: options);

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.FindPublicIpAsync(KubeLab.Cancel));

        AssertLine(refusal.Message, "User \"overlay\" cannot get resource \"pods\"", "get pods");
    }

    private static void AssertLine(string line, string expected, string right)
    {
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.EndsWith(
            $"; give the user of this daemon a ClusterRole with: {right} ({ShippedManifest.Path})", line,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    private async Task<KubeLab> LabAsync()
    {
        KubeApiServer server = await shared.StartAsync();
        var lab = new KubeLab(server.Url, server.CaFile, KubeApiServer.Admin);
        JsonObject nodes = await lab.SendAsync(HttpMethod.Get, "api/v1/nodes");
        foreach (string name in nodes["items"]!.AsArray().Select(each => $"{each!["metadata"]!["name"]}"))
        {
            await lab.DeleteNodeAsync(name);
        }

        await lab.MakeNodeAsync("n1", "10.244.1.0/24");
        await File.WriteAllTextAsync(lab.TokenFile, KubeApiServer.Tokens[User], KubeLab.Cancel);
        return lab;
    }

    /// <summary>Gives the user the manifest's role, but for one right, and waits until the server goes by it.</summary>
    private async Task GiveAsync(KubeLab lab, string? without)
    {
        JsonObject role = ShippedManifest.Find("ClusterRole");
        foreach (JsonNode? rule in role["rules"]!.AsArray())
        {
            rule!["verbs"] = new JsonArray([.. rule["verbs"]!.AsArray()
                .Where(verb => $"{verb} {rule["resources"]![0]}" != without).Select(verb => verb!.DeepClone())]);
        }

        role["rules"] = new JsonArray([.. role["rules"]!.AsArray()
            .Where(rule => rule!["verbs"]!.AsArray().Count > 0).Select(rule => rule!.DeepClone())]);
        JsonObject binding = ShippedManifest.Find("ClusterRoleBinding");
        binding["subjects"] = new JsonArray(new JsonObject
        {
            ["kind"] = "User",
            ["name"] = User,
            ["apiGroup"] = "rbac.authorization.k8s.io",
        });
        await PutAsync(lab, role);
        await PutAsync(lab, binding);
        KubeApiServer server = await shared.StartAsync();
        using HttpClient user = KubeLab.ClientOf(server.Url, server.CaFile, KubeApiServer.Tokens[User]);
        string[] rights = ["get nodes", "list nodes", "watch nodes", "patch nodes/status"];
        foreach (string right in rights)
        {
            bool isGiven = right != without;
            while (await HasAsync(user, right) != isGiven)
            {
                await Task.Delay(20, KubeLab.Cancel);
            }
        }
    }

    private static async Task PutAsync(KubeLab lab, JsonObject value)
    {
        string collection = ShippedManifest.CollectionOf(value);
        JsonObject list = await lab.SendAsync(HttpMethod.Get, collection);
        string name = $"{value["metadata"]!["name"]}";
        bool isThere = list["items"]!.AsArray().Any(each => $"{each!["metadata"]!["name"]}" == name);
        await lab.SendAsync(
            isThere ? HttpMethod.Put : HttpMethod.Post, isThere ? $"{collection}/{name}" : collection, value);
    }

    private static async Task<bool> HasAsync(HttpClient user, string right)
    {
        string[] words = right.Split(' ', '/');
        var review = new JsonObject
        {
            ["kind"] = "SelfSubjectAccessReview",
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["spec"] = new JsonObject
            {
                ["resourceAttributes"] = new JsonObject
                {
                    ["verb"] = words[0],
                    ["resource"] = words[1],
                    ["subresource"] = words.ElementAtOrDefault(2) ?? "",
                },
            },
        };
        using var content = new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await user.PostAsync(
            "apis/authorization.k8s.io/v1/selfsubjectaccessreviews", content, KubeLab.Cancel);
        JsonNode? status = JsonNode.Parse(await answer.Content.ReadAsStringAsync(KubeLab.Cancel))?["status"];
        return status?["allowed"]?.GetValue<bool>() == true;
    }
}
