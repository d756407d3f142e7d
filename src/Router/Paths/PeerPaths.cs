using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Paths;

/// <summary>
/// The peers whose path has a smaller MTU than its route says, or takes no trains. Usually there is none.
/// </summary>
/// <remarks>
/// Any thread may report; a report that changes something allocates. Readers take one snapshot per batch. All that is
/// known of a path is forgotten ten minutes after its last report, as the kernel forgets a path MTU
/// (net.ipv4.route.mtu_expires), so that a path that has recovered is used in full again. A report that repeats what is
/// known prolongs it only in the second half of the ten minutes.
/// </remarks>
/// <param name="clock">Measures the ten minutes; null for the system's clock.</param>
public sealed class PeerPaths(TimeProvider? clock = null)
{
    /// <summary>How long after its last report a path is forgotten, in milliseconds.</summary>
    public const long LifetimeMilliseconds = 600_000;

    /// <summary>
    /// The smallest path MTU that is believed, in bytes (RFC 1191, section 3; net.ipv4.route.min_pmtu).
    /// </summary>
    public const int MinimumMtu = 552;

    // A bound on what forged ICMP can make this grow to.
    private const int MaximumPaths = 1024;

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private Snapshot _current = new([], []);

    /// <summary>What is known now.</summary>
    public Snapshot Current => Volatile.Read(ref _current);

    /// <summary>
    /// Milliseconds of a clock that never goes back: what <see cref="PeerPath.ExpiresAt"/> counts in.
    /// </summary>
    public long Now => _clock.GetTimestamp() / (_clock.TimestampFrequency / 1000);

    /// <summary>Reports the MTU of the path to a peer.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="mtu">Of the outer packet, in bytes; less than <see cref="MinimumMtu"/> is taken for it.</param>
    /// <returns>True when this is news.</returns>
    public bool ReportMtu(Ipv4Address peer, int mtu) =>
        Replace(peer, path => path with { Mtu = Math.Max(mtu, MinimumMtu) });

    /// <summary>Reports that the kernel does not take trains to a peer.</summary>
    /// <param name="peer">The outer address.</param>
    /// <param name="refusal">The errno with which it refused one.</param>
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
                return false; // a path may be reported with every packet
            }

            path = path with { ExpiresAt = now + LifetimeMilliseconds };
            PeerPath[] paths =
            [
                .. before.Paths.Where(other => other.Peer != peer && other.ExpiresAt > now).Append(path)
                    .OrderByDescending(other => other.ExpiresAt).Take(MaximumPaths).OrderBy(other => other.Peer),
            ];
            var after = new Snapshot(paths, [.. paths.Select(each => each.Peer.Value)]);
            if (Interlocked.CompareExchange(ref _current, after, before) == before)
            {
                return isNews;
            }
        }
    }

    /// <summary>What was known at one moment. Immutable.</summary>
    public sealed class Snapshot
    {
        private readonly PeerPath[] _paths;
        private readonly uint[] _peers;

        internal Snapshot(PeerPath[] paths, uint[] peers)
        {
            _paths = paths;
            _peers = peers;
        }

        /// <summary>True when nothing is known of any path, so that nothing has to be looked up.</summary>
        public bool IsEmpty => _paths.Length == 0;

        /// <summary>All paths that something is known of, in the order of their peers' addresses.</summary>
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
