using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>
/// Tables of nftables that <c>overlay doctor --trace</c> has left: of a process that was killed, where the kernel does
/// not take them away.
/// </summary>
public static class TraceLeftovers
{
    /// <summary>What each is called, before the number of its process.</summary>
    internal const string Prefix = "inet overlay-trace-";

    /// <summary>Finds those whose process is gone.</summary>
    /// <param name="nft">nftables' program.</param>
    /// <returns>Their names, with their family.</returns>
    /// <exception cref="OperatorException">nft fails.</exception>
    public static IReadOnlyList<string> Find(HostProgram nft) =>
    [
        .. nft.Run("", "list", "tables").OutputOrThrow()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith($"table {Prefix}", StringComparison.Ordinal))
            .Select(line => line["table ".Length..])
            .Where(name => int.TryParse(
                    name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}"))),
    ];

    /// <summary>Removes one, if it is still there.</summary>
    /// <param name="nft">nftables' program.</param>
    /// <param name="name">As <see cref="Find"/> gives it.</param>
    public static void Remove(HostProgram nft, string name) => _ = nft.Run($"delete table {name}\n", "-f", "-");
}
