using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Overlay.Daemon.Cleanup;

/// <summary>Daemons that have their things on this host: flanneld's and ours, in this network namespace.</summary>
internal static class RunningDaemons
{
    private const string VariablePrefix = "FLANNELD_"; // of an option's value

    /// <summary>Finds them by their names; what may not be looked at is passed over.</summary>
    /// <returns>For a message: <c>flanneld (process 12)</c>.</returns>
    internal static IReadOnlyList<string> Find()
    {
        List<string> found = [];
        string? here = NamespaceOf("self");
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            string id = Path.GetFileName(directory);
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                || process == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                string commandLine = File.ReadAllText(Path.Combine(directory, "cmdline"));
                if (IsDaemon(commandLine, () => File.ReadAllText(Path.Combine(directory, "environ")))
                    && NamespaceOf(id) == here)
                {
                    found.Add($"{NameIn(commandLine)} (process {process})");
                }
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is nobody's that this user may look at.
            }
        }

        return found;
    }

    /// <summary>
    /// Whether a process is a daemon: without a verb it is <c>run</c>, as an old unit file has it, and without any word
    /// where flanneld's variables give the options.
    /// </summary>
    /// <param name="commandLine">As proc_pid_cmdline(5) has it.</param>
    /// <param name="readEnvironment">As proc_pid_environ(5) has it; asked when it matters.</param>
    internal static bool IsDaemon(string commandLine, Func<string> readEnvironment) =>
        (NameIn(commandLine), commandLine.TrimEnd('\0').Split('\0')) switch
        {
            ("flanneld", _) => true,
            ("overlay", [_]) => readEnvironment().Split('\0').Any(
                variable => variable.StartsWith(VariablePrefix, StringComparison.Ordinal)),
            ("overlay", [_, var first, ..]) => first == "run" || first.StartsWith('-'),
            _ => false,
        };

    private static string NameIn(string commandLine) => Path.GetFileName(commandLine.Split('\0')[0]);

    private static string? NamespaceOf(string process) =>
        new FileInfo($"/proc/{process}/ns/net").LinkTarget;
}
