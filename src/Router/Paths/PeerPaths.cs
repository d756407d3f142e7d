using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Paths;

/// <summary>The peers whose path is worse than their route says: none as a rule.</summary>
/// <remarks>
/// Any thread reports; what is news is rare and allocates. Readers take one reference a batch. All that is known of a
/// path is forgotten at once, ten minutes after the last news of it, as the kernel forgets a path MTU
/// (net.ipv4.route.mtu_expires), so that a path that has healed is used again; what is no news counts for that in the
/// second half of the ten minutes only.
/// </remarks>
/// <param name="time">What ten minutes are measured by; null for the system's clock.</param>
public sealed class PeerPaths(TimeProvider? time = null)
{
    /// <summary>The longest memory of a path, in milliseconds.</summary>
    public const long LifetimeMilliseconds = 600_000;

    /// <summary>The least path MTU believed: RFC 1191, section 3, and net.ipv4.route.min_pmtu.</summary>
    public const int MinimumMtu = 552;

    // Forged ICMP must not be able to grow this without limit.
    private const int MaximumPaths = 1024;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private Snapshot _current = new([], []);

    /// <summary>What is known now.</summary>
    public Snapshot Current => Volatile.Read(ref _current);

    /// <summary>What the lifetimes of paths count in: milliseconds of a clock that never goes back.</summary>
    public long Now => _time.GetTimestamp() / (_time.TimestampFrequency / 1000);

    /// <summary>The path to a peer takes packets of at most this size.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="mtu">Of the outer packet, in bytes; less than 552 is taken for 552.</param>
    /// <returns>True when this is news.</returns>
    public bool ReportMtu(Ipv4Address peer, int mtu) =>
        Replace(peer, path => path with { Mtu = Math.Max(mtu, MinimumMtu) });

    /// <summary>The kernel does not take trains to a peer.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="refusal">What it answered to one.</param>
    /// <returns>True when this is news.</returns>
    public bool ReportNoTrains(Ipv4Address peer, Errno refusal) =>
        Replace(peer, path => path with { TakesTrains = false, TrainRefusal = refusal });

    private bool Replace(Ipv4Address peer, Func<PeerPath, PeerPath> change)
    {
        long now = Now;
        while (true)
        {
            Snapshot before = Current;
            PeerPath known = before.Find(peer, now);
            PeerPath path = change(known with { Peer = peer });
            bool isNews = path != known;
            if (!isNews && known.ExpiresAt - now > LifetimeMilliseconds / 2)
            {
                return false; // as the kernel does it: a path may be reported with each packet
            }

            path = path with { ExpiresAt = now + LifetimeMilliseconds };
            PeerPath[] paths =
            [
                .. before.Paths.Where(other => other.Peer != peer && other.ExpiresAt > now).Append(path)
                    .OrderByDescending(other => other.ExpiresAt).Take(MaximumPaths).OrderBy(other => other.Peer),
            ];
            if (Interlocked.CompareExchange(
                ref _current, new Snapshot(paths, [.. paths.Select(each => each.Peer.Value)]), before) == before)
            {
                return isNews;
            }
        }
    }

    /// <summary>What was known at one moment: immutable.</summary>
    public sealed class Snapshot
    {
        private readonly PeerPath[] _paths;
        private readonly uint[] _peers;

        internal Snapshot(PeerPath[] paths, uint[] peers)
        {
            _paths = paths;
            _peers = peers;
        }

        /// <summary>True when every path is as good as its route: nothing has to be looked up.</summary>
        public bool IsEmpty => _paths.Length == 0;

        /// <summary>All of them, by address.</summary>
        public IReadOnlyList<PeerPath> Paths => _paths;

        /// <summary>
        /// The path to a peer; <see cref="PeerPath.Unknown"/> when nothing is known or it has expired.
        /// </summary>
        /// <param name="peer">The outer address.</param>
        /// <param name="now">By <see cref="Now"/>.</param>
        public PeerPath Find(Ipv4Address peer, long now)
        {
            int index = Array.BinarySearch(_peers, peer.Value);
            return index >= 0 && _paths[index].ExpiresAt > now ? _paths[index] : PeerPath.Unknown;
        }
    }
}
