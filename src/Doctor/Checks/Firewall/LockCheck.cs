using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Firewall;

/// <summary>
/// W11: whether somebody holds the lock of the older iptables for long, so that nobody else can make rules. Whoever
/// changes a rule holds it for a moment, so a holder is looked at twice.
/// </summary>
internal sealed class LockCheck : ICheck
{
    private const string Lock = "run/xtables.lock";

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(200);

    private static readonly Row s_row = new(
        "W11", "xtables-lock-held", HealthSeverity.Warning,
        "firewall rules appear late or not at all: the lock of iptables is held", "iptables(8), --wait");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        string[] holders = Holders(host.Files);
        _ = SpinWait.SpinUntil(
            () => holders.Length == 0 || (holders = [.. holders.Intersect(Holders(host.Files))]).Length == 0, s_moment);
        return holders.Select(id => new Finding(
            s_row, $"/{Lock}",
            $"process {id} ({host.Files.ReadQuietly($"proc/{id}/comm")?.Trim()}) holds /{Lock}",
            $"see what it does: ps -fp {id}; end it if it hangs"));
    }

    // Each lock is a line "1: FLOCK  ADVISORY  WRITE 1234 08:02:131 0 EOF" (proc_locks(5)); the file's number is not
    // the one of stat(2) everywhere, so its holder's open files are asked.
    private static string[] Holders(HostFiles files)
    {
        if (!files.Exists(Lock))
        {
            return [];
        }

        string path = files.PathOf(Lock);
        return
        [
            .. from line in (files.Read("proc/locks") ?? "").Split('\n')
            let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            where words is [_, "FLOCK" or "POSIX", _, "WRITE", ..]
            let id = words[4]
            where files.List($"proc/{id}/fd").Any(each => files.LinkTarget($"proc/{id}/fd/{each}") == path)
            select id,
        ];
    }
}
