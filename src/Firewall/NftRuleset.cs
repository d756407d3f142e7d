using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Terminal;

namespace Overlay.Firewall;

/// <summary>Flannel's rules by nftables' own program.</summary>
/// <param name="stop">Ends a program that runs.</param>
public sealed class NftRuleset(CancellationToken stop) : IRuleset
{
    private const string Package = "nftables";
    private const string NoSuchTable = "No such file or directory"; // ENOENT

    // Somebody else may change the same chains between a look and a transaction, which is then refused.
    private const int MostAttempts = 3;

    private readonly PrintedRules _printed = new();
    private HostProgram? _nft;
    private string? _description;

    /// <inheritdoc/>
    public string Tool => "nft";

    /// <inheritdoc/>
    public string Description => _description ?? Tool;

    /// <inheritdoc/>
    public bool IsInstalled => HostProgram.Find(Tool) is not null;

    /// <inheritdoc/>
    public bool IsAnnounced => true;

    private HostProgram Nft => _nft ??= HostProgram.Require(Tool, Package, stop);

    /// <inheritdoc/>
    public string? ReadShape(OverlayTraffic traffic) => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> Assert(OverlayTraffic traffic)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (NftPlan.Make(Read(), traffic, _printed) is not { } plan)
            {
                return [];
            }

            _description ??= Nft.Run(string.Empty, "--version").OutputOrThrow().Trim();
            ProgramEnd end = Nft.Run(plan.Payload, "-f", "-");
            if (end.ExitCode == 0 || attempt == MostAttempts)
            {
                _ = end.OutputOrThrow();
                LearnFrom(plan.Payload);
                return plan.Findings;
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<FirewallObstacle> FindObstacles(OverlayTraffic traffic, bool isInUse) =>
        NftObstacles.Find(Nft.Run(string.Empty, "list", "chains").OutputOrThrow(), traffic, ReadTable);

    private IReadOnlyDictionary<string, NftFoundChain>? Read() => ReadTable($"{NftRules.Family} {NftRules.Table}");

    // Null when there is no such table.
    private IReadOnlyDictionary<string, NftFoundChain>? ReadTable(string table)
    {
        ProgramEnd end = Nft.Run(string.Empty, ["list", "table", .. table.Split(' ')]);
        return end.ExitCode != 0 && end.Error.Contains(NoSuchTable, StringComparison.Ordinal)
            ? null
            : NftPlan.Parse(end.OutputOrThrow());
    }

    private void LearnFrom(string payload)
    {
        if (Read() is not { } found)
        {
            return;
        }

        foreach ((string name, NftFoundChain chain) in found)
        {
            List<string> given = [];
            string prefix = $"add rule {NftRules.Family} {NftRules.Table} {name} ";
            foreach (string line in payload.Split('\n'))
            {
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                {
                    given.Add(line[prefix.Length..]);
                }
            }

            _printed.Learn(given, chain.Rules);
        }
    }
}
