using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Health;
using Overlay.Router.Paths;

namespace Overlay.Daemon.Status;

/// <summary>Makes warnings of what ICMP says about datagrams to peers, and of narrow paths.</summary>
/// <param name="health">Gets them.</param>
/// <param name="activity">Knows when a peer was last heard, which settles that nobody listens there.</param>
/// <param name="clock">Measures how old an error is; the one that dated it.</param>
internal sealed class PeerHealth(HealthBoard health, PeerActivity activity, TimeProvider clock)
{
    // Errors come only while packets are sent. Without any for so long, nothing is known of the peer.
    private static readonly TimeSpan s_lasting = TimeSpan.FromSeconds(30);

    private static readonly HealthCode[] s_codes =
    [
        HealthCodes.PeerDaemonDown, HealthCodes.PeerFirewallProhibits, HealthCodes.PeerUnreachable,
    ];

    /// <summary>Takes a look.</summary>
    /// <param name="errors">All there were.</param>
    /// <param name="paths">What is known of paths.</param>
    internal void Sample(IReadOnlyList<PeerError> errors, IReadOnlyList<PathReport> paths)
    {
        PeerError[] current = [.. errors.Where(error => CodeOf(error.Kind) is not null && IsCurrent(error))];
        foreach (HealthCode code in s_codes)
        {
            PeerError[] ofCode = [.. current.Where(error => CodeOf(error.Kind) == code)];
            health.ClearExcept(code, [.. ofCode.Select(error => error.Peer.ToString())]);
            foreach (PeerError error in ofCode)
            {
                health.Raise(code, error.Peer.ToString(), CauseOf(error.Kind));
            }
        }

        PathReport[] narrow = [.. paths.Where(path => path.Mtu < ushort.MaxValue)];
        health.ClearExcept(HealthCodes.PeerPathMtu, [.. narrow.Select(path => path.Peer)]);
        foreach (PathReport path in narrow)
        {
            health.Raise(HealthCodes.PeerPathMtu, path.Peer, $"its path takes at most {path.Mtu} bytes a packet");
        }
    }

    private static HealthCode? CodeOf(PeerErrorKind kind) => kind switch
    {
        PeerErrorKind.PortUnreachable => HealthCodes.PeerDaemonDown,
        PeerErrorKind.HostProhibited or PeerErrorKind.AdminProhibited => HealthCodes.PeerFirewallProhibits,
        PeerErrorKind.HostUnreachable => HealthCodes.PeerUnreachable,
        _ => null,
    };

    private static string CauseOf(PeerErrorKind kind) => kind switch
    {
        PeerErrorKind.PortUnreachable => "it answers that nobody listens on the port (ICMP 3/3)",
        PeerErrorKind.HostProhibited => "a firewall answers that the host is prohibited (ICMP 3/9 or 3/10)",
        PeerErrorKind.AdminProhibited => "a firewall answers that this is prohibited (ICMP 3/13)",
        _ => "a router or this host answers that it is not reached (ICMP 3/0 or 3/1)",
    };

    // A peer that sends has a daemon again. That says nothing of what its firewall or a router lets through to it.
    private bool IsCurrent(PeerError error)
    {
        TimeSpan age = clock.GetElapsedTime(error.Latest);
        return age < s_lasting
            && (error.Kind != PeerErrorKind.PortUnreachable
                || activity.Find(error.Peer.ToString())?.Heard is not { } heard
                || clock.GetUtcNow() - heard > age);
    }
}
