using System;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Options;
using Overlay.Firewall;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Start;

/// <summary>
/// Which firewall rules a start has to make: flannel's, for this network, by the tool that it asks for.
/// </summary>
internal static class FirewallStart
{
    private const string NetworkVariable = "FLANNEL_NETWORK";

    private static readonly Ipv4Prefix s_anywhere = Ipv4Prefix.Parse("0.0.0.0/0");

    /// <summary>Looks at options, network config and the last run's subnet file; changes nothing.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="config">The network config.</param>
    /// <param name="subnet">The own lease.</param>
    /// <param name="backend">By which interface pods' packets come and go, and to which ports peers send.</param>
    /// <param name="underlay">The interface that peers' datagrams come by.</param>
    /// <param name="clock">Says when to look again.</param>
    /// <param name="health">Gets the trouble that is seen, and what is put back.</param>
    /// <param name="progress">Watches the checks.</param>
    /// <param name="log">Gets a line for each change.</param>
    /// <param name="cancellation">Ends a tool that runs; before the keeper is disposed of.</param>
    internal static FirewallKeeper Prepare(
        RunOptions options, NetworkConfig config, Ipv4Prefix subnet, BackendState backend,
        UnderlayInterface underlay, TimeProvider clock, HealthBoard health, WorkerProgress progress, ILogger log,
        CancellationToken cancellation)
    {
        Ipv4Prefix[] former = [.. SubnetEnvFile.ReadPrefixes(options.SubnetFile, NetworkVariable)];
        var traffic = new OverlayTraffic(
            config.Network, subnet, former is [var only] && only != config.Network ? only : null, Masquerade: false,
            Forward: false, RandomFully: false, [backend.Interface])
        {
            Datagrams =
            [
                .. backend.UdpPorts.Select(port => new ProbePacket(
                    underlay.Name, Out: null, s_anywhere, new Ipv4Prefix(underlay.Address, 32), port)),
            ],
        };
        (IRuleset used, IRuleset other) = config.EnableNFTables
            ? ((IRuleset)new NftRuleset(cancellation), (IRuleset)new IptablesRuleset(cancellation))
            : (new IptablesRuleset(cancellation), new NftRuleset(cancellation));
        return new FirewallKeeper(options.Firewall, used, other, traffic, clock, health, log)
        {
            Turns = progress.Watch("firewall", FirewallKeeper.LongestTurn),
        };
    }
}
