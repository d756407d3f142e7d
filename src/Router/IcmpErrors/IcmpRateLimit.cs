using System;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// How many ICMP errors one worker may send (RFC 1812, section 4.3.2.8): 1,000 per second in all with bursts of 50, and
/// to one host 1 per second with bursts of 6. These are Linux's figures (icmp_msgs_per_sec, icmp_msgs_burst,
/// icmp_ratelimit: ip-sysctl).
/// </summary>
/// <remarks>
/// "Fragmentation needed" has a limit of its own, 1,000 per second to all hosts together: a source that does not learn
/// a path MTU loses all that it sends there, and needs an error for each destination. Linux does not limit it at all
/// (net/ipv4/icmp.c, icmpv4_mask_allow). Owned by one thread.
/// </remarks>
internal sealed class IcmpRateLimit
{
    private const int BurstForAll = 50;
    private const int CostMilliseconds = 1000;
    private const int BurstForOneMilliseconds = 6 * CostMilliseconds;

    // Direct-mapped: a collision evicts, so the limit for one host may be exceeded. The limit for all is kept.
    private readonly Host[] _hosts = new Host[256];

    private Credit _forAll = new(BurstForAll);
    private Credit _forPathMtus = new(BurstForAll);

    /// <summary>
    /// True when one more error may go to <paramref name="address"/> now; it is then counted as sent.
    /// </summary>
    /// <param name="address">The host to be told.</param>
    /// <param name="nowMilliseconds">A clock that never goes back.</param>
    internal bool TryTake(Ipv4Address address, long nowMilliseconds)
    {
        if (!_forAll.HasOne(nowMilliseconds))
        {
            return false;
        }

        uint number = address.Value;
        ref Host host = ref _hosts[(number ^ (number >> 8) ^ (number >> 16)) & 0xFF];
        if (host.Address != address)
        {
            host = new Host { Address = address, Credit = BurstForOneMilliseconds, LastMilliseconds = nowMilliseconds };
        }

        host.Credit = Math.Min(BurstForOneMilliseconds, host.Credit + (nowMilliseconds - host.LastMilliseconds));
        host.LastMilliseconds = nowMilliseconds;
        if (host.Credit < CostMilliseconds)
        {
            return false;
        }

        host.Credit -= CostMilliseconds;
        _forAll.Take();
        return true;
    }

    /// <summary>True when one more "fragmentation needed" may be sent now; it is then counted as sent.</summary>
    /// <param name="nowMilliseconds">A clock that never goes back.</param>
    internal bool TryTakeForPathMtu(long nowMilliseconds)
    {
        if (!_forPathMtus.HasOne(nowMilliseconds))
        {
            return false;
        }

        _forPathMtus.Take();
        return true;
    }

    // One credit per millisecond is 1,000 per second.
    private struct Credit(long burst)
    {
        private long _left = burst;
        private long _lastMilliseconds;

        internal bool HasOne(long nowMilliseconds)
        {
            _left = Math.Min(BurstForAll, _left + (nowMilliseconds - _lastMilliseconds));
            _lastMilliseconds = nowMilliseconds;
            return _left >= 1;
        }

        internal void Take() => _left--;
    }

    private struct Host
    {
        internal Ipv4Address Address;
        internal long Credit;
        internal long LastMilliseconds;
    }
}
