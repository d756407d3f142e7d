using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Client;
using Overlay.Lease.Kubernetes.Store;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Infrastructure;

/// <summary>An API server, real or not, and a client of the test's own that writes behind the store's back.</summary>
internal sealed class KubeLab : IDisposable
{
    internal const string Prefix = "flannel.alpha.coreos.com/";

    private readonly HttpClient _client;
    private readonly string _folder = Directory.CreateTempSubdirectory("overlay-kube-").FullName;
    private readonly Uri _url;
    private readonly string? _caFile;
    private readonly List<string> _warnings = [];

    internal KubeLab(Uri url, string? caFile, string token)
    {
        (_url, _caFile) = (url, caFile);
        _client = ClientOf(url, caFile, token);
        ConfigPath = Path.Combine(_folder, "net-conf.json");
        TokenFile = Path.Combine(_folder, "token");
        File.WriteAllText(ConfigPath, """{"Network":"10.244.0.0/16","Backend":{"Type":"udp"}}""");
        File.WriteAllText(TokenFile, token);
    }

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static NetworkConfig Config { get; } = NetworkConfig.Parse("""{"Network":"10.244.0.0/16"}""");

    internal string ConfigPath { get; }

    /// <summary>The stores' token.</summary>
    internal string TokenFile { get; }

    internal string[] Warnings
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings];
            }
        }
    }

    internal static HttpClient ClientOf(Uri url, string? caFile, string token)
    {
        var handler = new SocketsHttpHandler();
        if (caFile is not null)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(caFile);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        var client = new HttpClient(handler) { BaseAddress = url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>What a store is made with, as the host of a node.</summary>
    internal KubeOptions Options(string? node = "n1") => new()
    {
        KubeconfigFile = WriteKubeconfig(),
        ConfigPath = ConfigPath,
        NodeName = node,
        RequestTimeout = TimeSpan.FromSeconds(10),
    };

    internal KubeLeaseStore NewStore(string? node = "n1", KubeOptions? options = null) =>
        new(options ?? Options(node), TimeProvider.System, Warn, new Random(1))
        {
            AssignmentInterval = TimeSpan.FromMilliseconds(20),
        };

    /// <summary>For single requests.</summary>
    internal ApiClient NewClient()
    {
        KubeOptions options = Options();
        return new ApiClient(ApiAccess.Of(options), options, new StoreCounts(TimeProvider.System));
    }

    internal void Warn(string line)
    {
        lock (_warnings)
        {
            _warnings.Add(line);
        }
    }

    /// <summary>Makes a node, as a kubelet does, with what kube-controller-manager and stock's daemon add.</summary>
    internal Task<JsonObject> MakeNodeAsync(string name, string? podCidr, string? publicIp = null, string type = "") =>
        SendAsync(HttpMethod.Post, "api/v1/nodes", NodeOf(
            name, podCidr, publicIp is null ? [] : Stock(publicIp, type)));

    /// <summary>What stock's daemon writes of a host with the udp backend.</summary>
    internal static (string Key, string Value)[] Stock(string publicIp, string type = "", string data = "null") =>
    [
        ("backend-data", data), ("backend-type", type), ("kube-subnet-manager", "true"), ("public-ip", publicIp),
    ];

    internal static JsonObject NodeOf(string name, string? podCidr, params (string Key, string Value)[] annotations)
    {
        var spec = new JsonObject();
        if (podCidr is not null)
        {
            spec["podCIDR"] = podCidr.Split(',')[0];
            spec["podCIDRs"] = new JsonArray([.. podCidr.Split(',').Select(each => JsonValue.Create(each))]);
        }

        return new JsonObject
        {
            ["kind"] = "Node",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject(annotations.Select(each =>
                    KeyValuePair.Create<string, JsonNode?>(Prefix + each.Key, each.Value))),
            },
            ["spec"] = spec,
        };
    }

    internal Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body = null) =>
        SendAsync(method, path, body, "application/json");

    internal Task AnnotateAsync(string node, params (string Key, string? Value)[] annotations) => SendAsync(
        HttpMethod.Patch, $"api/v1/nodes/{node}", new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject(annotations.Select(each =>
                    KeyValuePair.Create<string, JsonNode?>(Prefix + each.Key, each.Value))),
            },
        },
        "application/strategic-merge-patch+json");

    internal Task DeleteNodeAsync(string name) => SendAsync(HttpMethod.Delete, $"api/v1/nodes/{name}");

    internal Task<JsonObject> ReadNodeAsync(string name) => SendAsync(HttpMethod.Get, $"api/v1/nodes/{name}");

    /// <summary>The annotations of our prefix, without it, in the order of their names.</summary>
    internal async Task<string[]> ReadAnnotationsAsync(string name) =>
        [.. ((await ReadNodeAsync(name))["metadata"]!["annotations"]?.AsObject() ?? [])
            .Where(each => each.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(each => $"{each.Key[Prefix.Length..]}={each.Value}").Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, string type)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        using HttpResponseMessage response = await _client.SendAsync(request, Cancel);
        string answer = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {answer}");
        return JsonNode.Parse(answer)!.AsObject();
    }

    private string WriteKubeconfig()
    {
        string file = Path.Combine(_folder, "kubeconfig");
        string authority = _caFile is null ? "" : $", certificate-authority: {_caFile}";
        File.WriteAllText(
            file,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts:
            - name: test
              context: { cluster: test, user: test }
            clusters:
            - name: test
              cluster: { server: "{{_url}}"{{authority}} }
            users:
            - name: test
              user: { tokenFile: token }
            """);
        return file;
    }
}
