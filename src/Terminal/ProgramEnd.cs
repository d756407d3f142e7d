using System;
using System.Linq;
using Overlay.Linux;

namespace Overlay.Terminal;

/// <summary>How a program of the host ended.</summary>
/// <param name="Name">The program.</param>
/// <param name="ExitCode">0 when it did what it was asked.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record ProgramEnd(string Name, int ExitCode, string Output, string Error)
{
    // iptables(8), iptables/xtables.h: RESOURCE_PROBLEM.
    private const int LockIsHeld = 4;

    private static readonly string[] s_noise = ["# Warning", "Error occurred at line", "Try `", "Can't lock"];

    /// <summary>Whether another program has had the lock of the older iptables all the time.</summary>
    public bool IsLockHeld => ExitCode == LockIsHeld && Error.Contains("lock", StringComparison.Ordinal);

    /// <summary>Its output.</summary>
    /// <exception cref="OperatorException">It failed; the line says why.</exception>
    public string OutputOrThrow() => ExitCode == 0 ? Output : throw new OperatorException(Reason);

    private string Reason
    {
        get
        {
            string line = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .FirstOrDefault(text => !s_noise.Any(word => text.StartsWith(word, StringComparison.Ordinal)))
                ?? $"exit code {ExitCode}";
            string remedy =
                line.Contains("lock file", StringComparison.Ordinal)
                    ? "; let this user's group read it: chgrp GROUP /run/xtables.lock && chmod 640 /run/xtables.lock"
                : IsLockHeld
                    ? (Holders.OfFile(HostProgram.IptablesLock) is { } holder
                        ? $"; it is open in process {holder}"
                        : string.Empty) + $"; see who holds it: fuser -v {HostProgram.IptablesLock}"
                : line.Contains("ermi", StringComparison.Ordinal) // permitted, permission
                || line.Contains("initialize table", StringComparison.Ordinal)
                    ? "; it needs CAP_NET_ADMIN, and CAP_NET_RAW for iptables-legacy, as ambient capabilities"
                : string.Empty;
            return $"{Name}: {line.TrimEnd('.')}{remedy}";
        }
    }
}
