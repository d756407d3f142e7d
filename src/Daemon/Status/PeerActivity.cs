using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Control;

namespace Overlay.Daemon.Status;

/// <summary>When something last came from a peer and went to it.</summary>
/// <param name="Heard">When its inbound counter was last seen to have grown; null when never.</param>
/// <param name="Sent">The same of its outbound counter.</param>
/// <param name="SentSince">
/// Since when packets go to it, without a pause of 30 s, and nothing has come back; null when they do not.
/// </param>
internal sealed record PeerTimes(DateTimeOffset? Heard, DateTimeOffset? Sent, DateTimeOffset? SentSince);

/// <summary>
/// Finds out from counters that are there anyway when peers were last heard: a look a second, and no work for a
/// packet. Any thread.
/// </summary>
/// <param name="clock">Dates the looks.</param>
internal sealed class PeerActivity(TimeProvider clock)
{
    // Each peer's counters may cost a system call (bpf(2)), so more peers are looked at less often.
    private const int PeersPerSecond = 256;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    // Whoever sends anew after such a pause has waited for no answer before.
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(30);

    private readonly Lock _sampling = new();
    private Dictionary<string, Seen> _seen = [];

    /// <summary>How long to wait until the next look, after one at so many peers.</summary>
    internal static TimeSpan PauseAfter(int peers) =>
        TimeSpan.FromSeconds(Math.Clamp((double)peers / PeersPerSecond, 1, s_longest.TotalSeconds));

    /// <summary>Takes a look.</summary>
    /// <param name="peers">Every one that anything was counted for.</param>
    internal void Sample(IReadOnlyList<PeerReport> peers)
    {
        DateTimeOffset now = clock.GetUtcNow();
        TimeSpan betweenTwo = PauseAfter(peers.Count) * 2; // a pause is no shorter than what lies between looks
        TimeSpan quiet = betweenTwo > s_quiet ? betweenTwo : s_quiet;
        lock (_sampling)
        {
            _seen = peers.ToDictionary(
                peer => peer.Peer, peer => Look(peer, _seen.GetValueOrDefault(peer.Peer), now, quiet));
        }
    }

    /// <summary>What is known of a peer; null when nothing was counted for it.</summary>
    internal PeerTimes? Find(string peer)
    {
        lock (_sampling)
        {
            return _seen.GetValueOrDefault(peer)?.Times;
        }
    }

    private static Seen Look(PeerReport peer, Seen? before, DateTimeOffset now, TimeSpan quiet)
    {
        bool isHeard = peer.InboundPackets > (before?.Inbound ?? 0);
        bool isSent = peer.OutboundPackets > (before?.Outbound ?? 0);
        PeerTimes? times = before?.Times;
        DateTimeOffset? since = times is { Sent: { } sent } && now - sent > quiet ? null : times?.SentSince;
        return new Seen(peer.InboundPackets, peer.OutboundPackets, new PeerTimes(
            isHeard ? now : times?.Heard,
            isSent ? now : times?.Sent,
            isHeard ? null : isSent ? since ?? now : times?.SentSince));
    }

    private sealed record Seen(long Inbound, long Outbound, PeerTimes Times);
}
