using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Overlay.Doctor.Facts;

/// <summary>One network configuration of CNI's (its SPEC.md, section 1).</summary>
/// <param name="File">Below the root.</param>
/// <param name="Plugins">The types of its plugins, in order; none where it does not parse.</param>
/// <param name="IsHairpin">Whether flannel's plugin is told to have pods reach themselves.</param>
internal sealed record CniFacts(string File, IReadOnlyList<string> Plugins, bool IsHairpin)
{
    /// <summary>Flannel's CNI plugin.</summary>
    internal const string Flannel = "flannel";

    private const string Directory = "etc/cni/net.d";

    private static readonly string[] s_ends = [".conf", ".conflist", ".json"];

    /// <summary>Whether it is for the overlay.</summary>
    internal bool IsFlannel => Plugins.Contains(Flannel);

    /// <summary>All of a host, in the order in which a container runtime takes the first.</summary>
    internal static IReadOnlyList<CniFacts> ReadAll(HostFiles files) =>
    [
        .. files.List(Directory).Where(name => s_ends.Any(name.EndsWith))
            .Select(name => $"{Directory}/{name}").Select(file => Parse(file, files.Read(file) ?? "")),
    ];

    private static CniFacts Parse(string file, string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            JsonElement[] plugins = json.RootElement.TryGetProperty("plugins", out JsonElement list)
                && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [json.RootElement];
            return new CniFacts(
                file, [.. plugins.Select(TypeOf)],
                plugins.Any(plugin => TypeOf(plugin) == Flannel
                    && plugin.TryGetProperty("delegate", out JsonElement how)
                    && how.TryGetProperty("hairpinMode", out JsonElement mode)
                    && mode.ValueKind == JsonValueKind.True));
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return new CniFacts(file, [], IsHairpin: false);
        }
    }

    private static string TypeOf(JsonElement plugin) =>
        plugin.TryGetProperty("type", out JsonElement type) ? type.GetString() ?? "" : "";
}
