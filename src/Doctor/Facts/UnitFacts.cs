using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Doctor.Facts;

/// <summary>What systemd runs a daemon with (systemd.exec(5), systemd.resource-control(5)).</summary>
/// <param name="Name">Of the unit: <c>overlay.service</c>.</param>
/// <param name="Settings">Its lines and those of its drop-ins, in the order in which they count.</param>
internal sealed record UnitFacts(string Name, IReadOnlyList<(string Key, string Value)> Settings)
{
    private static readonly string[] s_names = ["overlay.service", "flanneld.service", "flannel.service"];

    // The first that has a file hides the others (systemd.unit(5)).
    private static readonly string[] s_directories =
        ["etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
            "lib/systemd/system"];

    /// <summary>The units of this host whose names are a daemon's.</summary>
    internal static IReadOnlyList<UnitFacts> ReadAll(HostFiles files) =>
    [
        .. from name in s_names
           let file = s_directories.Select(directory => $"{directory}/{name}").FirstOrDefault(files.Exists)
           where file is not null
           let dropIns =
               from directory in s_directories
               from part in files.List($"{directory}/{name}.d")
               where part.EndsWith(".conf", StringComparison.Ordinal)
               select (Part: part, File: $"{directory}/{name}.d/{part}")
           select new UnitFacts(
               name,
               [
                   .. Lines(files.Read(file)),
                   .. dropIns.DistinctBy(each => each.Part).OrderBy(each => each.Part, StringComparer.Ordinal)
                       .SelectMany(each => Lines(files.Read(each.File))),
               ]),
    ];

    /// <summary>A setting of which the last counts; null when there is none.</summary>
    internal string? Last(string key) => Settings.LastOrDefault(setting => setting.Key == key) is ({ }, var value)
        ? value : null;

    /// <summary>The words of a setting that adds up; an empty one begins anew.</summary>
    internal IReadOnlyList<string> All(string key)
    {
        List<string> words = [];
        foreach ((_, string value) in Settings.Where(setting => setting.Key == key))
        {
            if (value.Length == 0)
            {
                words.Clear();
            }

            words.AddRange(value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

        return words;
    }

    /// <summary>Whether a switch is on.</summary>
    internal bool Has(string key) => Last(key)?.ToLowerInvariant() is "yes" or "true" or "on" or "1";

    private static IEnumerable<(string Key, string Value)> Lines(string? text) =>
        from line in (text ?? "").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let trimmed = line.Trim()
        where trimmed.Length > 0 && trimmed[0] is not ('#' or ';' or '[') && trimmed.Contains('=')
        let parts = trimmed.Split('=', 2)
        select (parts[0].Trim(), parts[1].Trim());
}
