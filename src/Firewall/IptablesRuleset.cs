using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Firewall;

/// <summary>Flannel's rules by iptables, the one over nftables and the older one.</summary>
/// <param name="stop">Ends a program that runs.</param>
public sealed partial class IptablesRuleset(CancellationToken stop) : IRuleset
{
    private const string Package = "iptables";

    // Somebody else may change the same chains between a look and a transaction, which is then refused.
    private const int MostAttempts = 3;

    // Of the older iptables. A table that is not in there is not loaded, and looking into it would load it.
    private const string LoadedTables = "/proc/net/ip_tables_names";

    // The first version whose iptables-restore waits for the lock, and which knows --random-fully.
    private static readonly Version s_modern = new(1, 6, 2);

    private readonly PrintedRules _printed = new();
    private Programs? _programs;
    private IptablesListing? _last; // what the last Assert has left

    /// <inheritdoc/>
    public string Tool => "iptables";

    /// <inheritdoc/>
    public string Description => _programs?.Description ?? Tool;

    /// <inheritdoc/>
    public bool IsInstalled => HostProgram.Find(Tool) is not null;

    /// <inheritdoc/>
    public bool IsAnnounced
    {
        get
        {
            try
            {
                return (_programs ??= Programs.Find(stop)).IsOverNftables;
            }
            catch (OperatorException)
            {
                return false; // it is not installed, or not whole: Assert says so
            }
        }
    }

    /// <inheritdoc/>
    public string? ReadShape(OverlayTraffic traffic)
    {
        if (_programs is not { IsOverNftables: false })
        {
            return null;
        }

        string? filter = traffic.Forward ? IptablesTable.ReadShape(IptablesRules.FilterTable) : string.Empty;
        string? nat = traffic.Masquerade ? IptablesTable.ReadShape(IptablesRules.NatTable) : string.Empty;
        return filter is null || nat is null ? null : $"{filter} {nat}";
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Assert(OverlayTraffic traffic)
    {
        Programs programs = _programs ??= Programs.Find(stop);
        OverlayTraffic possible = traffic with { RandomFully = traffic.RandomFully && programs.Version >= s_modern };
        for (int attempt = 1; ; attempt++)
        {
            IptablesListing before = Read(programs, traffic);
            if (IptablesPlan.Make(before, possible, _printed) is not { } plan)
            {
                _last = before;
                return [];
            }

            ProgramEnd end = programs.Restore.Run(
                plan.Payload,
                programs.Version >= s_modern ? ["--noflush", "--wait=5"] : ["--noflush"]);
            if (end.ExitCode == 0 || end.IsLockHeld || attempt == MostAttempts)
            {
                _ = end.OutputOrThrow();
                _last = Read(programs, traffic);
                LearnFrom(IptablesListing.Parse(plan.Payload), _last);
                return plan.Findings;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<FirewallObstacle> FindObstacles(OverlayTraffic traffic, bool isInUse)
    {
        // A table that is not loaded does nothing, and stays as it is.
        IptablesListing listing = isInUse && _last is { } last
            ? last
            : Read(_programs ??= Programs.Find(stop), traffic.WithoutRules);
        return
        [
            .. IptablesObstacles.Find(listing, traffic, isInUse, Tool),
            .. FindObstaclesOfTwin((_programs ??= Programs.Find(stop)).IsOverNftables, traffic),
        ];
    }

    // Both kinds of iptables can have rules at once, and a packet has to pass those of both.
    private IReadOnlyList<FirewallObstacle> FindObstaclesOfTwin(bool isOlder, OverlayTraffic traffic)
    {
        string twin = isOlder ? "iptables-legacy" : "iptables-nft";
        if (HostProgram.Find($"{twin}-save", stop) is not { } save)
        {
            return [];
        }

        // Looking into a table of the older kind would load it.
        string[] tables = isOlder
            ? [.. ((string[])[IptablesRules.FilterTable, IptablesRules.NatTable]).Intersect(Loaded())]
            : [IptablesRules.FilterTable, IptablesRules.NatTable];
        string listed = string.Concat(
            tables.Select(table => save.Run(string.Empty, "-t", table).OutputOrThrow()));
        return IptablesObstacles.Find(IptablesListing.Parse(listed), traffic, isInUse: false, twin);
    }

    /// <summary>
    /// Both tables as they are. Over nftables in one call for all tables: iptables-nft-save reads all of them from the
    /// kernel whichever it is to print, so two calls take longer. Of the older iptables those that are loaded or
    /// wanted.
    /// </summary>
    private static IptablesListing Read(Programs programs, OverlayTraffic traffic)
    {
        if (programs.IsOverNftables)
        {
            return IptablesListing.Parse(programs.Save.Run(string.Empty).OutputOrThrow());
        }

        IReadOnlyList<string> loaded = Loaded();
        bool needsFilter = traffic.Forward || loaded.Contains(IptablesRules.FilterTable);
        bool needsNat = traffic.Masquerade || loaded.Contains(IptablesRules.NatTable);
        return IptablesListing.Parse(
            (needsFilter ? Save(IptablesRules.FilterTable) : string.Empty)
                + (needsNat ? Save(IptablesRules.NatTable) : string.Empty));

        string Save(string table) => programs.Save.Run(string.Empty, "-t", table).OutputOrThrow();
    }

    // Root alone may read it.
    private static IReadOnlyList<string> Loaded()
    {
        try
        {
            return File.ReadAllLines(LoadedTables);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private void LearnFrom(IptablesListing given, IptablesListing found)
    {
        foreach ((string table, string chain) in (IEnumerable<(string, string)>)
            [
                (IptablesRules.FilterTable, IptablesRules.ForwardChain),
                (IptablesRules.NatTable, IptablesRules.MasqueradeChain),
            ])
        {
            _printed.Learn(given.RulesOf(table, chain), found.RulesOf(table, chain));
        }
    }

    /// <summary>The three programs, of one version.</summary>
    private sealed record Programs(
        HostProgram Save, HostProgram Restore, string Description, Version Version, bool IsOverNftables)
    {
        public static Programs Find(CancellationToken stop)
        {
            string described =
                HostProgram.Require("iptables", Package, stop).Run(string.Empty, "-V").OutputOrThrow().Trim();
            Match version = VersionPattern().Match(described);
            return new Programs(
                HostProgram.Require("iptables-save", Package, stop),
                HostProgram.Require("iptables-restore", Package, stop),
                described,
                version.Success ? Version.Parse(version.Value) : new Version(0, 0, 0),
                described.Contains("nf_tables", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"\d+\.\d+\.\d+")]
    private static partial Regex VersionPattern();
}
