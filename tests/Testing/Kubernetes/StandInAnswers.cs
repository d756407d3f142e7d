using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Overlay.Testing.Kubernetes;

/// <summary>What the stand-in answers to requests other than a watch.</summary>
internal static class StandInAnswers
{
    internal static string Status(int code, string message) => new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = message,
        ["code"] = code,
    }.ToJsonString();

    internal static string Event(string type, JsonObject value) => new JsonObject
    {
        ["type"] = type,
        ["object"] = value.DeepClone(),
    }.ToJsonString() + "\n";

    /// <summary><c>api/v1/nodes</c> for <c>api/v1/nodes/n1/status</c>.</summary>
    internal static string CollectionOf(string path)
    {
        string[] parts = path.Split('/');
        return string.Join('/', parts.Take(parts.ElementAtOrDefault(2) == "namespaces" ? 5 : 3));
    }

    internal static Task AnswerAsync(StandInCluster cluster, HttpExchange exchange, string collection)
    {
        string path = exchange.Path.EndsWith("/status", StringComparison.Ordinal)
            ? exchange.Path[..^"/status".Length]
            : exchange.Path;
        JsonObject? sent = exchange.Body.Length > 0 ? JsonNode.Parse(exchange.Body)!.AsObject() : null;
        if (path == collection)
        {
            return sent is null
                ? exchange.AnswerAsync(200, ListOf(cluster, exchange, collection))
                : exchange.AnswerAsync(
                    201, cluster.Put($"{collection}/{sent["metadata"]!["name"]}", sent).ToJsonString());
        }

        string name = path[(collection.Length + 1)..];
        string kind = collection[(collection.LastIndexOf('/') + 1)..];
        JsonObject? found = cluster.Find(path);
        if (found is null)
        {
            return exchange.AnswerAsync(404, Status(404, $"{kind} \"{name}\" not found"));
        }

        return exchange.AnswerAsync(200, exchange.Method switch
        {
            "DELETE" => Status(200, $"{cluster.Remove(path)?["metadata"]?["name"]}"),
            "PUT" => cluster.Put(path, sent!).ToJsonString(),
            "PATCH" => cluster.Put(path, Merge(found, sent!)).ToJsonString(),
            _ => found.ToJsonString(),
        });
    }

    // The continue token of the real one is opaque as well, and holds where to go on and at which version.
    private static string ListOf(StandInCluster cluster, HttpExchange exchange, string collection)
    {
        int limit = int.Parse(exchange.Query.GetValueOrDefault("limit") ?? "100000", CultureInfo.InvariantCulture);
        int from = int.Parse(exchange.Query.GetValueOrDefault("continue") ?? "0", CultureInfo.InvariantCulture);
        long version = cluster.Version;
        JsonObject[] all = cluster.List(collection);
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (from + limit < all.Length)
        {
            metadata["continue"] = (from + limit).ToString(CultureInfo.InvariantCulture);
        }

        return new JsonObject
        {
            ["kind"] = "NodeList",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. all.Skip(from).Take(limit)]),
        }.ToJsonString();
    }

    // Objects are merged by member; of lists there is one, the conditions, which are merged by their type.
    private static JsonObject Merge(JsonObject into, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            if (value is JsonObject inner)
            {
                into[name] = Merge(into[name]?.DeepClone().AsObject() ?? [], inner);
            }
            else if (value is JsonArray conditions)
            {
                JsonArray kept = [.. (into[name]?.AsArray() ?? [])
                    .Where(old => !conditions.Any(each => $"{each!["type"]}" == $"{old!["type"]}"))
                    .Concat(conditions).Select(each => each!.DeepClone())];
                into[name] = kept;
            }
            else if (value is null)
            {
                into.Remove(name);
            }
            else
            {
                into[name] = value.DeepClone();
            }
        }

        return into;
    }
}
