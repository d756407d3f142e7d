using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using Overlay.Daemon.Lab;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>A real etcd on a pretend host, and what tests read and write there.</summary>
internal sealed class LabEtcd : IDisposable
{
    private const string Prefix = "/coreos.com/network";

    private readonly HttpClient _http;

    private LabEtcd(EtcdServer server, string networkNamespace)
    {
        Server = server;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero, // a connection from before a restart is of no use
            ConnectCallback = async (context, cancellation) =>
            {
                Socket socket = LabNamespace.Run(
                    networkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = server.Endpoint,
        };
    }

    internal EtcdServer Server { get; }

    /// <summary>The options that make it the daemons' store.</summary>
    internal string[] Options => ["--etcd-endpoints", Server.Endpoint.GetLeftPart(UriPartial.Authority)];

    /// <summary>Starts it, with the network config in it.</summary>
    internal static LabEtcd Start(HostPlan host)
    {
        var etcd = new LabEtcd(
            EtcdServer.Start(new EtcdServerOptions { Address = host.UnderlayAddress, NetworkNamespace = host.HostNamespace }), host.HostNamespace);
        etcd.Put("config", TestLab.DefaultConfig);
        return etcd;
    }

    /// <summary>Writes a key below the prefix, without a time to live.</summary>
    internal void Put(string key, string value) => Post("kv/put", new JsonObject { ["key"] = Encode(key), ["value"] = Encode(value, isKey: false) });

    /// <summary>Writes a lease as a stock node does, but for its time to live.</summary>
    /// <param name="subnet"><c>10.244.1.0/24</c>.</param>
    /// <param name="publicIp">Its owner's.</param>
    internal void PutLease(string subnet, string publicIp) =>
        Put(KeyOf(subnet), $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""");

    /// <summary>Deletes the key of a lease.</summary>
    internal void DeleteLease(string subnet) => Post("kv/deleterange", new JsonObject { ["key"] = Encode(KeyOf(subnet)) });

    /// <summary>Whether there is a lease of a subnet.</summary>
    internal bool HasLease(string subnet) =>
        Post("kv/range", new JsonObject { ["key"] = Encode(KeyOf(subnet)) })["kvs"] is JsonArray { Count: 1 };

    public void Dispose()
    {
        _http.Dispose();
        Server.Dispose();
    }

    private static string KeyOf(string subnet) => $"subnets/{subnet.Replace('/', '-')}";

    private static string Encode(string text, bool isKey = true) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(isKey ? $"{Prefix}/{text}" : text));

    private JsonNode Post(string path, JsonObject content)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v3/{path}") { Content = new StringContent(content.ToJsonString()) };
        using HttpResponseMessage answer = _http.Send(request, cancellation);
        using var reader = new StreamReader(answer.Content.ReadAsStream(cancellation));
        string text = reader.ReadToEnd();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
        return JsonNode.Parse(text)!;
    }
}
