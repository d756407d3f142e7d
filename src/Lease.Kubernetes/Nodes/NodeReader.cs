using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>Reads of a node's JSON what is kept of it, in one pass and whatever else there is.</summary>
/// <param name="keys">Which annotations.</param>
internal sealed class NodeReader(AnnotationKeys keys)
{
    /// <summary>Reads one object.</summary>
    /// <param name="reader">At its beginning, with the whole of it in reach; afterwards at its end.</param>
    /// <exception cref="JsonException">It is no node.</exception>
    internal (NodeRecord Node, string ResourceVersion) Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a node is no JSON object");
        }

        NodeRecord found = new("", "", 0, NodeAnnotations.None, "");
        string version = "";
        while (JsonSteps.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                ReadMetadata(ref reader, ref found, out version);
            }
            else if (reader.ValueTextEquals("spec"u8))
            {
                found = found with { PodCidr = ReadPodCidr(ref reader) };
            }
            else
            {
                JsonSteps.SkipValue(ref reader);
            }
        }

        return found.Name.Length > 0 || version.Length > 0
            ? (found, version)
            : throw new JsonException("a node has neither name nor resourceVersion");
    }

    private void ReadMetadata(ref Utf8JsonReader reader, ref NodeRecord found, out string version)
    {
        version = "";
        if (!JsonSteps.EnterObject(ref reader))
        {
            return;
        }

        while (JsonSteps.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
            {
                found = found with { Name = JsonSteps.ReadText(ref reader) };
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                found = found with { Uid = JsonSteps.ReadText(ref reader) };
            }
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                version = JsonSteps.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("creationTimestamp"u8))
            {
                found = found with { Created = ToSeconds(JsonSteps.ReadText(ref reader)) };
            }
            else if (reader.ValueTextEquals("annotations"u8))
            {
                found = found with { Annotations = ReadAnnotations(ref reader) };
            }
            else
            {
                JsonSteps.SkipValue(ref reader);
            }
        }
    }

    private static long ToSeconds(string time) => DateTimeOffset.TryParse(
        time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? at.ToUnixTimeSeconds()
            : 0;

    // podCIDR is the first of podCIDRs; where the cluster is older than those, it stands alone.
    private static string ReadPodCidr(ref Utf8JsonReader reader)
    {
        string first = "";
        List<string> all = [];
        if (!JsonSteps.EnterObject(ref reader))
        {
            return "";
        }

        while (JsonSteps.NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("podCIDR"u8))
            {
                first = JsonSteps.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("podCIDRs"u8))
            {
                all = JsonSteps.ReadTexts(ref reader);
            }
            else
            {
                JsonSteps.SkipValue(ref reader);
            }
        }

        return all.Count > 0 ? string.Join(',', all) : first;
    }

    private NodeAnnotations ReadAnnotations(ref Utf8JsonReader reader)
    {
        NodeAnnotations found = NodeAnnotations.None;
        if (!JsonSteps.EnterObject(ref reader))
        {
            return found;
        }

        while (JsonSteps.NextProperty(ref reader))
        {
            // Most are not ours, and one of them holds a copy of the whole object.
            string name = reader.GetString() ?? "";
            if (!name.StartsWith(keys.Prefix, StringComparison.Ordinal))
            {
                JsonSteps.SkipValue(ref reader);
                continue;
            }

            string value = JsonSteps.ReadText(ref reader);
            found = name[keys.Prefix.Length..] switch
            {
                AnnotationKeys.ManagedSuffix => found with { Managed = value },
                AnnotationKeys.TypeSuffix => found with { Type = value },
                AnnotationKeys.DataSuffix => found with { Data = value },
                AnnotationKeys.V6DataSuffix => found with { V6Data = value },
                AnnotationKeys.PublicIpSuffix => found with { PublicIp = value },
                AnnotationKeys.PublicIpv6Suffix => found with { PublicIpv6 = value },
                AnnotationKeys.OverwriteSuffix => found with { PublicIpOverwrite = value },
                AnnotationKeys.NodePublicIpSuffix => found with { NodePublicIp = value },
                _ => found,
            };
        }

        return found;
    }
}
