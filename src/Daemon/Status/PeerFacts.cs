using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Health;

namespace Overlay.Daemon.Status;

/// <summary>What counters and warnings have of each peer, by its public IP.</summary>
internal sealed class PeerFacts
{
    private readonly Dictionary<string, (int Rank, HealthWarning Warning)> _troubles = [];
    private readonly Dictionary<string, PeerReport>? _counted;
    private readonly Dictionary<string, PathReport> _paths;
    private readonly Dictionary<string, PeerWayReport>? _fallbacks;
    private readonly HashSet<string> _byKernel;
    private readonly string _otherwise;

    /// <param name="counters">As they are now.</param>
    /// <param name="troubles">What is wrong with peers, the worst first.</param>
    /// <param name="type">The backend, as the network config names it.</param>
    internal PeerFacts(CountersReport counters, IEnumerable<HealthWarning> troubles, string type)
    {
        foreach (HealthWarning warning in troubles)
        {
            _ = _troubles.TryAdd(warning.Subject, (_troubles.Count, warning));
        }

        _counted = counters.PerPeer?.ToDictionary(peer => peer.Peer);
        _paths = counters.Paths.ToDictionary(path => path.Peer);
        _fallbacks = counters.Fallback?.Peers.ToDictionary(peer => peer.Peer);
        _byKernel =
        [
            .. (counters.KernelPath?.Peers ?? []).Where(peer => peer.IsReached).Select(peer => peer.Peer),
        ];
        _otherwise = _counted is not null ? "user" : type == "vxlan" ? "vxlan" : "route";
    }

    /// <summary>The worst that is wrong with a peer or with one of its leases; null when nothing is.</summary>
    internal HealthWarning? FindTrouble(string peer, IEnumerable<string> subnets)
    {
        (int Rank, HealthWarning Warning)? worst = null;
        foreach (string subject in subnets.Prepend(peer))
        {
            if (_troubles.TryGetValue(subject, out (int Rank, HealthWarning Warning) found)
                && !(found.Rank > worst?.Rank))
            {
                worst = found;
            }
        }

        return worst?.Warning;
    }

    /// <summary>What its packets go by now, unless something is wrong with it.</summary>
    internal string WayOf(string peer) =>
        _fallbacks?.GetValueOrDefault(peer) is { } fallback ? fallback.Way
        : _byKernel.Contains(peer) ? "kernel"
        : _otherwise;

    /// <summary>Why its packets do not go by VXLAN; null where that is no matter of its working.</summary>
    internal string? WhyNotByVxlan(string peer) => _fallbacks?.GetValueOrDefault(peer)?.Cause;

    /// <summary>
    /// Its packets; null where what goes that way is not counted apart: neither by VXLAN nor by a route of the kernel.
    /// </summary>
    internal PeerReport? FindCounts(string peer, string way) => _counted is null || way is "vxlan" or "direct"
        ? null
        : _counted.GetValueOrDefault(peer) ?? new PeerReport(peer, 0, 0, 0, 0);

    /// <summary>The longest outer packet that gets to it whole; null where nobody has said.</summary>
    internal int? PathMtuOf(string peer) =>
        _paths.GetValueOrDefault(peer) is { Mtu: < ushort.MaxValue } path ? path.Mtu : null;
}
