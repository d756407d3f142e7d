using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Terminal;

namespace Overlay.Daemon.Cleanup;

/// <summary>One clean-up of this host: not while a daemon runs, and after it was shown and agreed to.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="report">Shows it, and asks.</param>
internal sealed class CleanupRun(CleanupRequest request, CleanupReport report)
{
    /// <summary>Looks, shows, asks, and removes.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">
    /// A daemon runs, nobody can be asked, or something could not be removed; the line says what.
    /// </exception>
    internal int Run()
    {
        try
        {
            string lockFile = Path.Combine(request.RunDirectory, "lock");
            using FileStream? held = File.Exists(lockFile) && !request.IsDryRun ? LockFile.TryHold(lockFile) : null;
            if (File.Exists(lockFile) && !request.IsDryRun && held is null)
            {
                throw new OperatorException(
                    $"an overlay runs with --run-dir {request.RunDirectory}, so nothing is removed; stop it first");
            }

            if (!request.IsDryRun && RunningDaemons.Find() is { Count: > 0 } running)
            {
                throw new OperatorException(
                    $"{string.Join(", ", running)} runs on this host, so nothing is removed; stop it first");
            }

            using var netlink = RouteNetlink.Open();
            IReadOnlyList<CleanupItem> items = Leftovers.Find(netlink, request);
            report.Kept = CniFiles.Find("/");
            return request.IsDryRun || items.Count == 0
                ? report.End(items, new Dictionary<CleanupItem, string>(), wasDone: false)
                : Remove(items);
        }
        catch (Exception problem) when (problem is LinuxException or IOException or UnauthorizedAccessException)
        {
            throw new OperatorException(problem.Message, problem);
        }
    }

    private int Remove(IReadOnlyList<CleanupItem> items)
    {
        report.Begin(items);
        if (!request.IsAgreed && !report.Ask(items.Count))
        {
            return ExitCode.Success;
        }

        Dictionary<CleanupItem, string> failures = [];
        foreach (CleanupItem item in items)
        {
            try
            {
                item.Remove();
            }
            catch (Exception problem)
                when (problem is OperatorException or LinuxException or IOException or UnauthorizedAccessException)
            {
                failures[item] = problem.Message; // the others go all the same
            }
        }

        return report.End(items, failures, wasDone: true);
    }
}
