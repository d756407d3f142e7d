using System;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lab;

namespace Overlay.Demo;

/// <summary>The one object of <c>overlay demo --json</c>. What was not measured is null.</summary>
internal sealed record DemoReport
{
    /// <summary>In the order of their numbers.</summary>
    public required IReadOnlyList<HostReport> Hosts { get; init; }

    /// <summary>Absent when the leases are files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EtcdReport? Etcd { get; init; }

    /// <summary>Pod to pod only.</summary>
    public PingReport? Ping { get; init; }

    /// <summary>One stream from pod 1 to pod 2.</summary>
    public TcpReport? Tcp { get; init; }

    /// <summary>Small packets from pod 1 to pod 2, flat out.</summary>
    public UdpReport? Udp { get; init; }

    /// <summary>One ping as host 1 sent it.</summary>
    public WireReport? Wire { get; init; }

    /// <summary>What the CNI plugins did; absent without <c>--cni</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CniReport? Cni { get; init; }

    /// <summary>What was put into the first host; absent without <c>--break</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BreakReport? Break { get; init; }

    /// <summary>Packets the daemons did not forward, by reason, over all hosts.</summary>
    public required IReadOnlyDictionary<string, long> Drops { get; init; }

    /// <summary>Namespaces, processes and directories that are still there.</summary>
    public required int LeftBehind { get; init; }

    /// <summary>Everything came out as it must.</summary>
    public required bool Ok { get; init; }

    /// <summary>Why not, in one line; absent when it is ok.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Reports what was measured.</summary>
    /// <param name="results">The measurements.</param>
    /// <param name="error">What ended the demo early; null when it came to its end.</param>
    internal static DemoReport From(DemoResults results, string? error)
    {
        if (error is null && results.Misses() is { Count: > 0 } misses)
        {
            error = string.Join("; ", misses);
        }

        return new DemoReport
        {
            Hosts = results.Hosts,
            Etcd = results.Etcd,
            Ping = results.PodPings.Sent == 0 ? null : new PingReport(
                results.PodPings.Sent,
                results.PodPings.Replies.Count,
                results.PodPings.MeanMilliseconds is { } mean ? Math.Round(mean, 3) : null,
                results.PodPings.LowestTimeToLive),
            Tcp = results.Tcp is null ? null : new TcpReport(Math.Round(results.Tcp.GigabitsPerSecond, 3)),
            Udp = results.Udp is null ? null : new UdpReport(
                results.Udp.PayloadBytes,
                results.Udp.Sent,
                results.Udp.Received,
                Math.Round(results.Udp.DeliveredKpps, 1)),
            Wire = results.Wire is { } wire
                ? new WireReport(wire.Outer, wire.Inner, wire.UdpLength, wire.TimeToLive)
                : null,
            Cni = results.HostPortAnswers is { } answers ? new CniReport(answers, results.PodsReleased) : null,
            Break = results.Broken,
            Drops = results.Drops,
            LeftBehind = results.LeftBehind,
            Ok = error is null,
            Error = error,
        };
    }

    /// <summary>One line of JSON.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, DemoJson.Readable.DemoReport);
}

/// <summary>Pods that plugins made.</summary>
/// <param name="HostPort">Whether the second host's port leads to its pod.</param>
/// <param name="Released">Whether the plugin has forgotten them all; null when they are kept.</param>
internal sealed record CniReport(bool HostPort, bool? Released);

/// <summary>One pretend host.</summary>
/// <param name="Name"><c>h1</c>.</param>
/// <param name="Subnet">Its lease: <c>10.244.1.0/24</c>.</param>
/// <param name="PublicIp">Its address on the wire.</param>
/// <param name="Mtu">Of its pods, in bytes.</param>
internal sealed record HostReport(string Name, string Subnet, string PublicIp, int Mtu)
{
    /// <summary>cni0's address.</summary>
    [JsonIgnore]
    public string GatewayIp { get; init; } = string.Empty;

    /// <summary>The pod's address.</summary>
    [JsonIgnore]
    public string PodIp { get; init; } = string.Empty;

    /// <summary>A host and its lease.</summary>
    internal static HostReport From(HostPlan host, SubnetFacts subnet) =>
        new(host.Name, subnet.Subnet, host.UnderlayAddress.ToString(), subnet.Mtu)
        {
            GatewayIp = subnet.Gateway.ToString(),
            PodIp = subnet.Pod.ToString(),
        };
}

/// <summary>The lab's own etcd.</summary>
/// <param name="Endpoint">Its client URL.</param>
/// <param name="Version"><c>3.4.23</c>.</param>
/// <param name="ReadyMs">From its start until it served, in milliseconds.</param>
/// <param name="Keys">Everything below flannel's prefix once all hosts have their leases, as it is there.</param>
internal sealed record EtcdReport(
    string Endpoint, string Version, double ReadyMs, IReadOnlyDictionary<string, string> Keys)
{
    /// <summary>Asks it.</summary>
    /// <exception cref="LabException">It does not answer.</exception>
    internal static EtcdReport From(LabEtcd etcd) => new(
        etcd.Endpoint.GetLeftPart(UriPartial.Authority),
        etcd.Gateway.Version(),
        Math.Round(etcd.TookToServe.TotalMilliseconds),
        new SortedDictionary<string, string>(
            new Dictionary<string, string>(etcd.Gateway.List($"{LabEtcd.Prefix}/")), StringComparer.Ordinal));

    /// <summary>Whether every host's lease is there as flannel writes it.</summary>
    internal bool Holds(IReadOnlyList<HostReport> hosts, DemoBackend backend)
    {
        foreach (HostReport host in hosts)
        {
            string? value = Keys.GetValueOrDefault(LabEtcd.SubnetKeys + host.Subnet.Replace('/', '-'));
            if (!backend.IsLease(value, host.PublicIp))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Pings from pod 1 to every other pod.</summary>
/// <param name="Sent">Requests.</param>
/// <param name="Received">Replies.</param>
/// <param name="RttMs">Mean round trip in milliseconds.</param>
/// <param name="Ttl">The lowest among the replies.</param>
internal sealed record PingReport(int Sent, int Received, double? RttMs, int? Ttl);

/// <summary>A TCP stream.</summary>
/// <param name="Gbps">Goodput in Gbit/s.</param>
internal sealed record TcpReport(double Gbps);

/// <summary>A flood of datagrams.</summary>
/// <param name="SizeBytes">Payload of each.</param>
/// <param name="SentPackets">Sent.</param>
/// <param name="ReceivedPackets">Received.</param>
/// <param name="Kpps">Delivered, in thousands per second.</param>
internal sealed record UdpReport(int SizeBytes, long SentPackets, long ReceivedPackets, double Kpps);

/// <summary>A ping on the wire.</summary>
/// <param name="Outer">Host to host, with ports; absent where it is not encapsulated.</param>
/// <param name="Inner">Pod to pod, in tcpdump's words.</param>
/// <param name="UdpLength">The outer UDP length field; absent where there is none.</param>
/// <param name="Ttl">The inner time to live.</param>
internal sealed record WireReport(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Outer,
    string Inner,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? UdpLength,
    int Ttl);

[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(FaultReport[]))]
internal sealed partial class DemoJson : JsonSerializerContext
{
    // The object is for terminals and jq, never for a web page: "a > b" stays readable.
    internal static DemoJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
