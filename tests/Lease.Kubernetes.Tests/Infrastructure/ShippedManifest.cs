using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Overlay.Testing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.Lease.Kubernetes.Tests.Infrastructure;

/// <summary>dist/kubernetes/overlay.yaml as what is sent to an API server.</summary>
internal static class ShippedManifest
{
    internal const string Path = "dist/kubernetes/overlay.yaml";

    /// <summary>Its objects, in order.</summary>
    internal static JsonObject[] Objects()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read(Path)));
        return [.. yaml.Documents.Select(document => ToJson(document.RootNode)!.AsObject())];
    }

    /// <summary>The one of a kind.</summary>
    internal static JsonObject Find(string kind) => Objects().Single(each => $"{each["kind"]}" == kind);

    /// <summary>Where objects of its kind are made.</summary>
    internal static string CollectionOf(JsonObject value)
    {
        string version = $"{value["apiVersion"]}";
        string root = version == "v1" ? "api/v1" : $"apis/{version}";
        string space = value["metadata"]!["namespace"] is { } name ? $"/namespaces/{name}" : "";
        return $"{root}{space}/{$"{value["kind"]}".ToLowerInvariant()}s";
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(each =>
            KeyValuePair.Create(((YamlScalarNode)each.Key).Value!, ToJson(each.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(
            flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } number } when int.TryParse(number, out int whole) =>
            JsonValue.Create(whole),
        YamlScalarNode text => JsonValue.Create(text.Value),
        _ => throw new InvalidOperationException($"{node.NodeType} in {Path}"),
    };
}
