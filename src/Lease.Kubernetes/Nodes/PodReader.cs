using System;
using System.Text.Json;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>Reads of a pod's JSON on which node it is.</summary>
internal static class PodReader
{
    /// <returns>Empty while it is on none.</returns>
    /// <exception cref="JsonException">It is no pod.</exception>
    internal static string NodeName(ReadOnlyMemory<byte> pod)
    {
        var json = new Utf8JsonReader(pod.Span);
        json.Read();
        string name = "";
        while (JsonSteps.NextProperty(ref json))
        {
            if (!json.ValueTextEquals("spec"u8))
            {
                JsonSteps.SkipValue(ref json);
            }
            else if (JsonSteps.EnterObject(ref json))
            {
                while (JsonSteps.NextProperty(ref json))
                {
                    if (json.ValueTextEquals("nodeName"u8))
                    {
                        name = JsonSteps.ReadText(ref json);
                    }
                    else
                    {
                        JsonSteps.SkipValue(ref json);
                    }
                }
            }
        }

        return name;
    }
}
