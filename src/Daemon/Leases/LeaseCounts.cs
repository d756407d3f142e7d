using System.Collections.Generic;
using System.Threading;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Leases;

/// <summary>What became of the own lease since the start. Any thread.</summary>
internal sealed class LeaseCounts
{
    private long _renewed;
    private long _failed;
    private long _lost;
    private long _sameIp;
    private long _previousFile;
    private long _reserved;
    private long _allocated;
    private long _notAcquired;

    /// <summary>Renewals that succeeded.</summary>
    internal long Renewed => Interlocked.Read(ref _renewed);

    /// <summary>Renewals that failed and were tried again.</summary>
    internal long Failed => Interlocked.Read(ref _failed);

    /// <summary>How often the lease was found to be another host's.</summary>
    internal long Lost => Interlocked.Read(ref _lost);

    /// <summary>Attempts to take a lease that failed and were tried again, or not.</summary>
    internal long NotAcquired => Interlocked.Read(ref _notAcquired);

    /// <summary>Leases taken, by where the subnet is from.</summary>
    internal IReadOnlyList<(string How, long Count)> Acquired =>
    [
        ("same_ip", Interlocked.Read(ref _sameIp)), ("previous_file", Interlocked.Read(ref _previousFile)),
        ("reserved", Interlocked.Read(ref _reserved)), ("allocated", Interlocked.Read(ref _allocated)),
    ];

    /// <summary>A lease was taken.</summary>
    /// <param name="acquired">Which.</param>
    /// <param name="previous">The subnet that was asked for; null for none.</param>
    internal void AddAcquired(AcquiredLease acquired, Ipv4Prefix? previous)
    {
        ref long how = ref _allocated;
        if (acquired.Lease.IsReservation)
        {
            how = ref _reserved;
        }
        else if (!acquired.IsNew)
        {
            how = ref _sameIp;
        }
        else if (acquired.Lease.Subnet == previous)
        {
            how = ref _previousFile;
        }

        _ = Interlocked.Increment(ref how);
    }

    /// <summary>None could be taken.</summary>
    internal void AddNotAcquired() => _ = Interlocked.Increment(ref _notAcquired);

    /// <summary>One has succeeded.</summary>
    internal void AddRenewed() => _ = Interlocked.Increment(ref _renewed);

    /// <summary>One has failed.</summary>
    internal void AddFailed() => _ = Interlocked.Increment(ref _failed);

    /// <summary>The lease is lost.</summary>
    internal void AddLost() => _ = Interlocked.Increment(ref _lost);
}
