using System;
using System.Globalization;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>When the lease held is to be renewed.</summary>
/// <remarks>
/// Two clocks are asked, and the earlier one decides. The wall clock goes on while the host is suspended; the other one
/// does not jump when somebody sets the time, which after a jump back would put the renewal off for as long. Hosts that
/// took their leases together do not renew them together: each time is earlier by another span, and never later.
/// </remarks>
/// <param name="clock">Both clocks.</param>
/// <param name="margin">How long before its end a lease is renewed at the latest, more than 0.</param>
/// <param name="random">Says by how much earlier.</param>
internal sealed class RenewalClock(TimeProvider clock, TimeSpan margin, Random random)
{
    /// <summary>A renewal is less than so much earlier, and than a fifth of the time until it.</summary>
    internal static readonly TimeSpan Spread = TimeSpan.FromMinutes(5);

    // A store that gives out leases shorter than the margin is not asked without end.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);

    private DateTimeOffset _expires;
    private TimeSpan _lifetime;
    private TimeSpan _earlier;
    private long _since;

    /// <summary>
    /// Whether it is time. Never for a reservation, whose end is <see cref="DateTimeOffset.MaxValue"/>.
    /// </summary>
    internal bool IsDue
    {
        get
        {
            TimeSpan held = clock.GetElapsedTime(_since);
            return _expires != DateTimeOffset.MaxValue
                && (clock.GetUtcNow() >= _expires - margin - _earlier || held >= _lifetime - margin - _earlier)
                && (held >= s_longestPause || held >= _lifetime / 2);
        }
    }

    /// <summary>In words: a time in UTC, or <c>further notice</c> for a reservation.</summary>
    internal static string EndOf(SubnetLease lease) =>
        lease.Expires == DateTimeOffset.MaxValue ? "further notice" : lease.Expires.ToString(
            "u", CultureInfo.InvariantCulture);

    /// <summary>Starts anew with a lease that was taken or renewed just now.</summary>
    internal void Set(SubnetLease lease)
    {
        _expires = lease.Expires;
        _lifetime = lease.Expires - clock.GetUtcNow();
        _since = clock.GetTimestamp();
        TimeSpan fifth = (_lifetime - margin) / 5;
        TimeSpan spread = fifth < Spread ? fifth : Spread;
        _earlier = spread > TimeSpan.Zero ? spread * random.NextDouble() : TimeSpan.Zero;
    }
}
