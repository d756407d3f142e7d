using System;
using System.Globalization;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>When the lease held is to be renewed.</summary>
/// <remarks>
/// Two clocks are asked, and the earlier one decides. The wall clock goes on while the host is suspended; the other one does not
/// jump when somebody sets the time, which after a jump back would put the renewal off for as long.
/// </remarks>
internal sealed class RenewalClock(TimeProvider clock, TimeSpan margin)
{
    // A store that gives out leases shorter than the margin is not asked without end.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);

    private DateTimeOffset _expires;
    private TimeSpan _lifetime;
    private long _since;

    /// <summary>Whether less than the margin is left. Never for a reservation, whose end is <see cref="DateTimeOffset.MaxValue"/>.</summary>
    internal bool IsDue
    {
        get
        {
            TimeSpan held = clock.GetElapsedTime(_since);
            return _expires != DateTimeOffset.MaxValue
                && (clock.GetUtcNow() >= _expires - margin || held >= _lifetime - margin)
                && (held >= s_longestPause || held >= _lifetime / 2);
        }
    }

    /// <summary>In words: a time in UTC, or <c>further notice</c> for a reservation.</summary>
    internal static string EndOf(SubnetLease lease) =>
        lease.Expires == DateTimeOffset.MaxValue ? "further notice" : lease.Expires.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>Starts anew with a lease that was taken or renewed just now.</summary>
    internal void Set(SubnetLease lease)
    {
        _expires = lease.Expires;
        _lifetime = lease.Expires - clock.GetUtcNow();
        _since = clock.GetTimestamp();
    }
}
