using System;
using System.Linq;
using System.Net.Http;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Store;

public sealed class RealServerContractTests(SharedKubeApiServer shared)
    : ApiServerContract, IClassFixture<SharedKubeApiServer>
{
    internal override async Task<KubeLab> LabAsync()
    {
        KubeApiServer server = await shared.StartAsync();
        var lab = new KubeLab(server.Url, server.CaFile, KubeApiServer.Admin);
        await EmptyAsync(lab, "api/v1/nodes");
        await EmptyAsync(lab, "api/v1/namespaces/kube-system/pods");
        return lab;
    }

    private static async Task EmptyAsync(KubeLab lab, string collection)
    {
        JsonObject list = await lab.SendAsync(HttpMethod.Get, collection);
        foreach (string name in list["items"]!.AsArray().Select(each => $"{each!["metadata"]!["name"]}"))
        {
            await lab.SendAsync(HttpMethod.Delete, $"{collection}/{name}?gracePeriodSeconds=0");
        }
    }
}

/// <summary>One real API server for a class of tests; it starts with the first of them.</summary>
public sealed class SharedKubeApiServer : IAsyncDisposable
{
    private KubeApiServer? _server;

    internal async Task<KubeApiServer> StartAsync() => _server ??= await KubeApiServer.StartAsync();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
