using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Lab;

/// <summary>What a lab has left on the machine.</summary>
/// <param name="Namespaces">Their names.</param>
/// <param name="Processes">Ids of processes inside them, and of recorded daemons that are still running.</param>
/// <param name="DirectoryExists">Whether the lab's directory is there.</param>
public sealed record Remnants(IReadOnlyList<string> Namespaces, IReadOnlyList<int> Processes, bool DirectoryExists)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"namespaces [{string.Join(' ', Namespaces)}], processes [{string.Join(' ', Processes)}]"
            + (DirectoryExists ? ", the directory" : string.Empty);

    /// <summary>Namespaces, processes and the directory, each counted.</summary>
    public int Count => Namespaces.Count + Processes.Count + (DirectoryExists ? 1 : 0);
}

/// <summary>Finds and removes what a lab has left: after it ended, or after it was killed.</summary>
/// <remarks>
/// A process is ended by its id, and only when it is inside one of the lab's namespaces or recorded by the lab.
/// </remarks>
public sealed class LabRemnants(string prefix, string directory, IpCommand ip)
{
    private static readonly TimeSpan s_gracePeriod = TimeSpan.FromSeconds(2);

    /// <summary>Looks; changes nothing.</summary>
    public Remnants Find()
    {
        IReadOnlyList<string> namespaces = LabNamespace.OfLab(prefix);
        return new Remnants(namespaces, Processes(namespaces), Directory.Exists(directory));
    }

    /// <summary>Ends the processes, then removes the namespaces and every file but the lock.</summary>
    /// <returns>What was there before.</returns>
    /// <remarks>Call it with the lock held. What could not be removed shows in the next <see cref="Find"/>.</remarks>
    public Remnants Clear()
    {
        Remnants before = Find();
        End(before);
        ip.BatchRegardless(null, [.. before.Namespaces.Select(name => $"netns del {name}")]);
        if (before.DirectoryExists)
        {
            Tolerate(DeleteAllButTheLock);
        }

        return before;
    }

    /// <summary>
    /// As <see cref="Clear"/>, and the directory too; it goes last, so that whoever finds none may build a lab.
    /// </summary>
    public Remnants Remove()
    {
        Remnants before = Clear();
        if (before.DirectoryExists)
        {
            Tolerate(() => Directory.Delete(directory, recursive: true));
        }

        return before;
    }

    private static void Tolerate(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody is writing into it; it is counted as left behind.
        }
    }

    private void DeleteAllButTheLock()
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(directory))
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else if (!LabLock.IsPart(entry))
            {
                File.Delete(entry);
            }
        }
    }

    private void End(Remnants found)
    {
        if (found.Processes.Count == 0)
        {
            return;
        }

        ChildCommand.Signal("TERM", found.Processes);
        if (!Condition.Holds(() => Processes(found.Namespaces).Count == 0, s_gracePeriod))
        {
            ChildCommand.Signal("KILL", Processes(found.Namespaces));
            _ = Condition.Holds(() => Processes(found.Namespaces).Count == 0, s_gracePeriod);
        }
    }

    private List<int> Processes(IReadOnlyList<string> namespaces)
    {
        var ids = new SortedSet<int>(Recorded());
        foreach (string name in namespaces)
        {
            // A name whose namespace is half made answers with an error, and has no processes.
            ids.UnionWith(Numbers(ip.TryRun("netns", "pids", name).Output));
        }

        _ = ids.Remove(Environment.ProcessId);
        return [.. ids];
    }

    // Covers a daemon that was started and had not entered its namespace when the lab was killed.
    private IEnumerable<int> Recorded() => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, "*.pid").SelectMany(file => Numbers(File.ReadAllText(file))).Where(IsOurs)
        : [];

    // An id may have passed to a stranger since it was written down: ours names the lab's directory in its arguments.
    private bool IsOurs(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Contains($"{directory}/", StringComparison.Ordinal);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<int> Numbers(string text)
    {
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(word, CultureInfo.InvariantCulture, out int number))
            {
                yield return number;
            }
        }
    }
}
