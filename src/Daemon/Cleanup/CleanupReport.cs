using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Terminal;

namespace Overlay.Daemon.Cleanup;

/// <summary>What a clean-up shows: lines, or one JSON object at its end.</summary>
/// <param name="output">Where to.</param>
/// <param name="isJson">Whether it is the object.</param>
internal sealed class CleanupReport(TextWriter output, bool isJson)
{
    /// <summary>What is others' and stays.</summary>
    internal IReadOnlyList<string> Kept { get; set; } = [];

    /// <summary>What is to go.</summary>
    internal void Begin(IReadOnlyList<CleanupItem> items)
    {
        if (!isJson)
        {
            Show(items);
        }
    }

    /// <summary>Asks whether to go on.</summary>
    /// <param name="count">How many things would go.</param>
    /// <exception cref="OperatorException">There is no terminal.</exception>
    internal bool Ask(int count)
    {
        bool isYes = Consent.Ask(
            output, "Remove", count,
            "nothing is removed: there is no terminal to ask; give --yes, or --dry-run to see it alone");
        if (!isYes)
        {
            output.WriteLine("nothing is removed");
        }

        return isYes;
    }

    /// <summary>What has become of it.</summary>
    /// <param name="items">All that was found.</param>
    /// <param name="failures">Why some are left.</param>
    /// <param name="wasDone">Whether the others are gone.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">Some are left; the line names them.</exception>
    internal int End(
        IReadOnlyList<CleanupItem> items, IReadOnlyDictionary<CleanupItem, string> failures, bool wasDone)
    {
        if (isJson)
        {
            output.WriteLine(ToJson(items, failures, wasDone));
        }
        else if (items.Count == 0)
        {
            output.WriteLine("nothing of flannel's or overlay's is left on this host");
            ShowKept();
        }
        else if (!wasDone)
        {
            Show(items);
        }
        else if (failures.Count == 0)
        {
            output.WriteLine($"{items.Count} removed");
        }

        return failures.Count == 0
            ? ExitCode.Success
            : throw new OperatorException(
                $"{items.Count - failures.Count} of {items.Count} removed; left: "
                    + string.Join("; ", failures.Select(left => $"{left.Key.What}: {left.Value}")));
    }

    private void Show(IReadOnlyList<CleanupItem> items)
    {
        foreach (CleanupItem item in items)
        {
            output.WriteLine(TerminalText.Mask($"{item.Kind,-6}  {item.What}"));
        }

        ShowKept();
    }

    private void ShowKept()
    {
        foreach (string path in Kept)
        {
            output.WriteLine(TerminalText.Mask($"kept    {path}: the CNI plugins'"));
        }
    }

    private string ToJson(
        IReadOnlyList<CleanupItem> items, IReadOnlyDictionary<CleanupItem, string> failures, bool wasDone)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteNumber("schema", 1);
            writer.WriteStartArray("items");
            foreach (CleanupItem item in items)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", item.Kind);
                writer.WriteString("what", item.What);
                writer.WriteBoolean("removed", wasDone && !failures.ContainsKey(item));
                writer.WriteString("failure", failures.GetValueOrDefault(item));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("kept");
            foreach (string path in Kept)
            {
                writer.WriteStringValue(path);
            }

            writer.WriteEndArray();
        }, isIndented: false);
    }
}
