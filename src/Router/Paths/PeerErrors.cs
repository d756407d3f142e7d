using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Paths;

/// <summary>The ICMP errors that have come about datagrams to peers, from the sockets' error queues.</summary>
/// <remarks>
/// Any thread. A lock is cheap enough: the kernel limits how many such errors a host sends
/// (net.ipv4.icmp_msgs_per_sec), and no packet passes here.
/// </remarks>
/// <param name="clock">Dates them; null for the system's clock.</param>
public sealed class PeerErrors(TimeProvider? clock = null)
{
    // A bound that hosts which come and go do not pass.
    private const int MostEntries = 4096;

    // Nobody asks for older ones: without an error for so long nothing is known of a peer.
    private static readonly TimeSpan s_lasting = TimeSpan.FromSeconds(30);

    // Between two searches of a full table for old entries.
    private static readonly TimeSpan s_searchPause = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Lock _changing = new();
    private readonly Dictionary<(Ipv4Address Peer, PeerErrorKind Kind), (long Count, long Latest)> _errors = [];
    private readonly long[] _totals = new long[Enum.GetValues<PeerErrorKind>().Length];
    private long? _searched;

    /// <summary>Takes a report about a datagram to a peer. One of this kernel's own is none of the network's.</summary>
    public void Report(in DatagramError error)
    {
        if (error.IsLocal || error.IcmpType != DatagramError.DestinationUnreachable)
        {
            return;
        }

        PeerErrorKind kind = KindOf(error.IcmpCode);
        lock (_changing)
        {
            _totals[(int)kind]++;
            if (HasRoom((error.Destination, kind)))
            {
                long count = _errors.GetValueOrDefault((error.Destination, kind)).Count;
                _errors[(error.Destination, kind)] = (count + 1, _clock.GetTimestamp());
            }
        }
    }

    /// <summary>The errors by peer and kind, without those that made room for others.</summary>
    public IReadOnlyList<PeerError> Read()
    {
        lock (_changing)
        {
            return
            [
                .. _errors.Select(each => new PeerError(
                    each.Key.Peer, each.Key.Kind, each.Value.Count, each.Value.Latest)),
            ];
        }
    }

    /// <summary>How many of a kind there were about all peers.</summary>
    public long CountOf(PeerErrorKind kind)
    {
        lock (_changing)
        {
            return _totals[(int)kind];
        }
    }

    // With the lock held. When so many peers are in trouble at once, a further one counts in the totals alone.
    private bool HasRoom((Ipv4Address Peer, PeerErrorKind Kind) key)
    {
        if (_errors.Count < MostEntries || _errors.ContainsKey(key))
        {
            return true;
        }

        long now = _clock.GetTimestamp();
        if (_searched is { } last && _clock.GetElapsedTime(last, now) < s_searchPause)
        {
            return false;
        }

        _searched = now;
        foreach ((Ipv4Address Peer, PeerErrorKind Kind) old in _errors
            .Where(each => _clock.GetElapsedTime(each.Value.Latest, now) >= s_lasting)
            .Select(each => each.Key).ToList())
        {
            _ = _errors.Remove(old);
        }

        return _errors.Count < MostEntries;
    }

    private static PeerErrorKind KindOf(byte code) => code switch
    {
        3 => PeerErrorKind.PortUnreachable,
        4 => PeerErrorKind.FragmentationNeeded,
        9 or 10 => PeerErrorKind.HostProhibited,
        13 => PeerErrorKind.AdminProhibited,
        0 or 1 or 6 or 7 => PeerErrorKind.HostUnreachable,
        _ => PeerErrorKind.Other,
    };
}
