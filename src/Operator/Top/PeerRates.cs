using System.Collections.Generic;
using System.Linq;
using Overlay.Control;

namespace Overlay.Operator.Top;

/// <summary>Makes rates of counters, look by look.</summary>
internal sealed class PeerRates
{
    /// <summary>Looks that a history has.</summary>
    internal const int HistoryLength = 24;

    private readonly Dictionary<string, List<double>> _histories = [];

    private StatusReport? _before;

    /// <summary>Takes a look. The first has no rates; nor has one after the daemon was started anew.</summary>
    internal TopSample Take(StatusReport now)
    {
        StatusReport before = _before is { } last && last.Started == now.Started && last.Now < now.Now ? last : now;
        _before = now;
        double seconds = (now.Now - before.Now).TotalSeconds;
        var earlier = before.Peers.ToDictionary(peer => peer.PublicIp);
        PeerRate[] peers =
        [
            .. now.Peers.Select(peer => RateOf(peer, earlier.GetValueOrDefault(peer.PublicIp), seconds)),
        ];
        foreach (string gone in _histories.Keys.Except(now.Peers.Select(peer => peer.PublicIp)).ToList())
        {
            _ = _histories.Remove(gone);
        }

        return new TopSample(
            now, peers,
            [
                .. now.Drops
                    .Select(drop => KeyValuePair.Create(
                        drop.Key, PerSecond(drop.Value, before.Drops.GetValueOrDefault(drop.Key), seconds)))
                    .Where(drop => drop.Value > 0)
                    .OrderByDescending(drop => drop.Value),
            ],
            seconds > 0 ? (now.ProcessorSeconds - before.ProcessorSeconds) / seconds : 0);
    }

    private PeerRate RateOf(PeerStatus now, PeerStatus? before, double seconds)
    {
        double? outbound = 8 * Rate(now.OutboundBytes, before?.OutboundBytes, seconds);
        double? inbound = 8 * Rate(now.InboundBytes, before?.InboundBytes, seconds);
        if (!_histories.TryGetValue(now.PublicIp, out List<double>? history))
        {
            _histories.Add(now.PublicIp, history = []);
        }

        if (seconds > 0)
        {
            history.Add((outbound ?? 0) + (inbound ?? 0));
            if (history.Count > HistoryLength)
            {
                history.RemoveAt(0);
            }
        }

        return new PeerRate(
            now, outbound, inbound, Rate(now.OutboundPackets, before?.OutboundPackets, seconds),
            Rate(now.InboundPackets, before?.InboundPackets, seconds), [.. history]);
    }

    private static double? Rate(long? now, long? before, double seconds) =>
        now is { } count ? PerSecond(count, before ?? 0, seconds) : null;

    // A counter that has gone down began anew.
    private static double PerSecond(long now, long before, double seconds) =>
        seconds <= 0 ? 0 : (now >= before ? now - before : now) / seconds;
}
