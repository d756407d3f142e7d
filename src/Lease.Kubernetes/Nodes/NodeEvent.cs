using System.Buffers;
using System.Text.Json;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>What a watch tells of one node.</summary>
internal enum NodeEventKind
{
    /// <summary>It is new or changed.</summary>
    Put,

    /// <summary>It is gone.</summary>
    Removed,

    /// <summary>Nothing has happened up to here.</summary>
    Bookmark,

    /// <summary>The watch ends, and says why.</summary>
    Error,
}

/// <summary>One event of a watch.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Node">As it is now, or was last; null for bookmarks and errors.</param>
/// <param name="ResourceVersion">Where in the cluster's history it is; empty for errors.</param>
/// <param name="Error">Null but for errors.</param>
internal readonly record struct NodeEvent(
    NodeEventKind Kind, NodeRecord? Node, string ResourceVersion, ApiStatus? Error)
{
    /// <summary>Reads one line of the stream.</summary>
    /// <exception cref="JsonException">It is no event.</exception>
    internal static NodeEvent Read(ReadOnlySequence<byte> line, NodeReader nodes)
    {
        var json = new Utf8JsonReader(line);
        json.Read();
        string type = "";
        Utf8JsonReader content = json; // in place of the object, if there should be none
        while (JsonSteps.NextProperty(ref json))
        {
            if (json.ValueTextEquals("type"u8))
            {
                type = JsonSteps.ReadText(ref json);
                continue;
            }

            bool isObject = json.ValueTextEquals("object"u8);
            json.Read();
            content = isObject ? json : content;
            json.Skip();
        }

        if (type == "ERROR")
        {
            return new NodeEvent(NodeEventKind.Error, null, "", ApiStatus.Read(ref content));
        }

        (NodeRecord node, string version) = nodes.Read(ref content);
        return type switch
        {
            "ADDED" or "MODIFIED" => new NodeEvent(NodeEventKind.Put, node, version, null),
            "DELETED" => new NodeEvent(NodeEventKind.Removed, node, version, null),
            "BOOKMARK" => new NodeEvent(NodeEventKind.Bookmark, null, version, null),
            _ => throw new JsonException($"an event has the type '{OneLine.Shorten(type)}'"),
        };
    }
}
