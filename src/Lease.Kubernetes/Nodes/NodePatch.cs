using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Overlay.Net;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>
/// What is written to a node's status: the annotations of our lease, byte for byte as stock writes them (flannel
/// pkg/subnet/kube/kube.go AcquireLease), and the condition that the network is up. Strategic merge patches.
/// </summary>
internal static class NodePatch
{
    private const string Nothing = "null";

    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The address that a node publishes for a host: an annotation's before the host's own.</summary>
    internal static string PublicIpOf(NodeAnnotations now, Ipv4Address own) =>
        now.Overwrite ?? now.Named ?? own.ToString();

    /// <summary>The annotations that have to be written, by what is there.</summary>
    /// <param name="keys">Their names.</param>
    /// <param name="now">What the node has.</param>
    /// <param name="lease">What the host publishes.</param>
    /// <returns>None when all are as they should be.</returns>
    internal static IReadOnlyList<(string Key, string Value)> Differences(
        AnnotationKeys keys, NodeAnnotations now, LeaseAttributes lease)
    {
        List<(string Key, string Value)> differences = [];
        Compare(keys.Managed, now.Managed, AnnotationKeys.IsManaged);
        Compare(keys.Type, now.Type, lease.Backend.Type);
        Compare(keys.Data, now.Data, lease.Backend.Data ?? Nothing);
        if (lease.Backend.V6Data is { } v6Data)
        {
            Compare(keys.V6Data, now.V6Data, v6Data);
        }

        Compare(keys.PublicIp, now.PublicIp, PublicIpOf(now, lease.PublicIp));
        return differences;

        void Compare(string key, string? has, string wanted)
        {
            if (has != wanted)
            {
                differences.Add((key, wanted));
            }
        }
    }

    /// <summary>Sets annotations.</summary>
    internal static byte[] OfAnnotations(IEnumerable<(string Key, string Value)> annotations) => Write(writer =>
    {
        writer.WriteStartObject("metadata");
        writer.WriteStartObject("annotations");
        foreach ((string key, string value) in annotations)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>Sets NetworkUnavailable to False, in stock's words (flannel pkg/subnet/kube/kube.go).</summary>
    internal static byte[] OfNetworkUp(DateTimeOffset now) => Write(writer =>
    {
        string time = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        writer.WriteStartObject("status");
        writer.WriteStartArray("conditions");
        writer.WriteStartObject();
        writer.WriteString("type", "NetworkUnavailable");
        writer.WriteString("status", "False");
        writer.WriteString("reason", "FlannelIsUp");
        writer.WriteString("message", "Flannel is running on this node");
        writer.WriteString("lastTransitionTime", time);
        writer.WriteString("lastHeartbeatTime", time);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static byte[] Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_plain))
        {
            writer.WriteStartObject();
            content(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
