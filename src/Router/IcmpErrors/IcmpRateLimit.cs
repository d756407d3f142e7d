using System;
using Overlay.Net;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// How many ICMP errors one direction may send: 1,000 a second in all with bursts of 50, and to one host one a second
/// with bursts of 6 (Linux's own figures: icmp_msgs_per_sec, icmp_msgs_burst, icmp_ratelimit: ip-sysctl). RFC 1812,
/// section 4.3.2.8, asks for a limit.
/// </summary>
/// <remarks>
/// "Fragmentation needed" has 1,000 a second of its own, whoever they go to: a source that is not told a path's MTU
/// loses all it sends there, and needs one for each destination. Linux does not limit it at all (net/ipv4/icmp.c,
/// icmpv4_mask_allow). Owned by one thread.
/// </remarks>
internal sealed class IcmpRateLimit
{
    private const int BurstForAll = 50;
    private const int CostMilliseconds = 1000;
    private const int BurstForOneMilliseconds = 6 * CostMilliseconds;

    // Direct-mapped: a collision evicts, so the limit for one host is a courtesy, and the one for all is the guarantee.
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

    /// <summary>True when one more "fragmentation needed" may go to whomever now; it is then counted as sent.</summary>
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

    // One credit a millisecond is 1,000 a second.
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
