using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Tracing;
using Overlay.Firewall;
using Overlay.Terminal;

namespace Overlay.Daemon.Cleanup;

/// <summary>
/// Flannel's firewall rules, of both kinds of iptables, for IPv4 and IPv6, and of nftables; and what a trace has left.
/// </summary>
internal static class LeftoverRules
{
    private static readonly string[] s_nftTables = ["ip flannel-ipv4", "ip6 flannel-ipv6"];

    /// <summary>Finds them; a tool that is not installed has none.</summary>
    /// <exception cref="Terminal.OperatorException">A tool fails; the line says why.</exception>
    internal static IEnumerable<CleanupItem> Find()
    {
        foreach (string family in (string[])["iptables", "ip6tables"])
        {
            // A host with the two kinds has each under its own name, and one of them under the common one.
            string[] tools = [.. ((string[])[$"{family}-nft", $"{family}-legacy"]).Where(IsInstalled)];
            foreach (string tool in tools.Length > 0 ? tools : [.. ((string[])[family]).Where(IsInstalled)])
            {
                if (IptablesPlan.MakeRemoval(List(tool)) is { } plan)
                {
                    yield return new CleanupItem(
                        "rules", $"{tool}: {string.Join("; ", plan.Findings)}", () => Remove(tool));
                }
            }
        }

        if (HostProgram.Find("nft") is { } nft)
        {
            string tables = nft.Run(string.Empty, "list", "tables").OutputOrThrow();
            foreach (string table in s_nftTables.Where(
                name => tables.Split('\n', StringSplitOptions.TrimEntries).Contains($"table {name}")))
            {
                yield return new CleanupItem(
                    "rules", $"nft: table {table}",
                    () => _ = nft.Run($"delete table {table}\n", "-f", "-").OutputOrThrow());
            }

            foreach (string table in TraceLeftovers.Find(nft))
            {
                yield return new CleanupItem("rules", $"nft: table {table}", () => TraceLeftovers.Remove(nft, table));
            }
        }
    }

    private static bool IsInstalled(string tool) =>
        HostProgram.Find($"{tool}-save") is not null && HostProgram.Find($"{tool}-restore") is not null;

    private static IptablesListing List(string tool) => IptablesListing.Parse(
        HostProgram.Require($"{tool}-save", "iptables").Run(string.Empty).OutputOrThrow());

    // What there is now: a table is one transaction.
    private static void Remove(string tool)
    {
        if (IptablesPlan.MakeRemoval(List(tool)) is { } plan)
        {
            _ = HostProgram.Require($"{tool}-restore", "iptables").Run(plan.Payload, "--noflush", "--wait=5")
                .OutputOrThrow();
        }
    }
}
