using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Firewall;
using Overlay.Terminal;

namespace Overlay.Doctor.Facts;

/// <summary>
/// The firewall's rules of this host: those of iptables, of each kind that is there, and nftables' own.
/// </summary>
internal sealed class FirewallFacts
{
    private const string OverNftables = "iptables-nft";
    private const string Older = "iptables-legacy";

    // A table of the older kind that is not in there is not loaded, and looking into it would load it.
    private const string LoadedTables = "/proc/net/ip_tables_names";

    private readonly HostProgram? _nft;
    private readonly Dictionary<string, IReadOnlyDictionary<string, NftFoundChain>?> _tables =
        new(StringComparer.Ordinal);

    private FirewallFacts(IReadOnlyList<IptablesFacts> iptables, HostProgram? nft, string chains) =>
        (Iptables, _nft, NftChains) = (iptables, nft, chains);

    /// <summary>The kind that <c>iptables</c> is, then the other one; those that are installed.</summary>
    internal IReadOnlyList<IptablesFacts> Iptables { get; }

    /// <summary>What <c>nft list chains</c> has printed; empty where there is no nft.</summary>
    internal string NftChains { get; }

    /// <summary>Lists everything; what cannot be listed is noted.</summary>
    internal static FirewallFacts Read(FactNotes notes)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            notes.Add("firewall rules, which root alone can list");
            return new FirewallFacts([], null, "");
        }

        var nft = HostProgram.Find("nft");
        return new FirewallFacts(
            [.. Kinds(notes)], nft,
            nft is null ? "" : Try(notes, () => nft.Run("", "list", "chains").OutputOrThrow()) ?? "");
    }

    /// <summary>Whether there is a table of nftables.</summary>
    /// <param name="name">With its family: <c>inet firewalld</c>.</param>
    internal bool HasNftTable(string name) => NftChains.Split('\n').Contains($"table {name} {{");

    /// <summary>The chains of a table of nftables; null when there is none.</summary>
    /// <param name="name">With its family.</param>
    internal IReadOnlyDictionary<string, NftFoundChain>? NftTable(string name)
    {
        if (!_tables.TryGetValue(name, out IReadOnlyDictionary<string, NftFoundChain>? found))
        {
            ProgramEnd? end = _nft?.Run("", ["list", "table", .. name.Split(' ')]);
            found = _tables[name] = end is { ExitCode: 0 } listed ? NftPlan.Parse(listed.OutputOrThrow()) : null;
        }

        return found;
    }

    private static IEnumerable<IptablesFacts> Kinds(FactNotes notes)
    {
        if (HostProgram.Find("iptables") is not { } iptables
            || Try(notes, () => iptables.Run("", "-V").OutputOrThrow()) is not { } version)
        {
            yield break;
        }

        bool isOverNftables = version.Contains("nf_tables", StringComparison.Ordinal);
        foreach ((string tool, string save, bool isOlder) in (IEnumerable<(string, string, bool)>)
            [
                ("iptables", "iptables-save", !isOverNftables),
                (isOverNftables ? Older : OverNftables, $"{(isOverNftables ? Older : OverNftables)}-save",
                    isOverNftables),
            ])
        {
            if (HostProgram.Find(save) is { } program
                && Try(notes, () => List(program, isOlder)) is { } listed)
            {
                yield return new IptablesFacts(tool, isOlder, IptablesListing.Parse(listed));
            }
        }
    }

    private static string List(HostProgram save, bool isOlder) => isOlder
        ? string.Concat(File.ReadAllLines(LoadedTables).Select(table => save.Run("", "-t", table).OutputOrThrow()))
        : save.Run("").OutputOrThrow();

    private static string? Try(FactNotes notes, Func<string> list)
    {
        try
        {
            return list();
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return ""; // the kernel has no older iptables
        }
        catch (Exception problem) when (
            problem is OperatorException or IOException or UnauthorizedAccessException)
        {
            notes.Add($"firewall rules: {problem.Message}");
            return null;
        }
    }
}
