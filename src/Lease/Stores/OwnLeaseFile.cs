using System;
using System.IO;
using System.Threading;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// Our own lease's file as we left it. Another host with our public address takes it for its own and renews it, too,
/// which shows in its date only. Safe for several threads.
/// </summary>
/// <remarks>
/// A date is another's renewal when it is later than ours by more than a file system rounds, for a restore and the
/// memory of a network mount give earlier ones, and when it is not ahead, for what an operator makes a reservation, or
/// lasting longer, is. So a reservation that two hosts share goes unnoticed: both keep its date.
/// </remarks>
internal sealed class OwnLeaseFile(LeaseFolder folder, TimeProvider time, Action<string> warn)
{
    // Clocks may differ by so much and no more for a renewal to be known by its date.
    private static readonly TimeSpan s_aheadByClock = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private (string Name, Ipv4Address PublicIp, DateTime LastWriteUtc)? _left;
    private string? _toldOf;

    /// <summary>We are about to write or remove it: until <see cref="Remember"/> any date may be ours.</summary>
    internal void Forget()
    {
        lock (_gate)
        {
            _left = null;
        }
    }

    /// <summary>The folder shows it as we have just written it.</summary>
    internal void Remember(string name, Ipv4Address publicIp)
    {
        lock (_gate)
        {
            // The date as the file system gives it back, which may be another than it was told.
            _left = folder.Find(name) is { } file ? (name, publicIp, file.Stamp.LastWriteUtc) : null;
        }
    }

    /// <summary>Warns once if the folder shows that another host has written it.</summary>
    internal void Check()
    {
        string line;
        lock (_gate)
        {
            if (_left is not { } left
                || folder.Find(left.Name) is not { Lease: { } lease, Defect: null } found
                || lease.PublicIp != left.PublicIp
                || found.Stamp.LastWriteUtc - left.LastWriteUtc <= LeaseFile.CoarsestTick)
            {
                return;
            }

            // Judged when it is first seen: what is ahead now is not when its time has come.
            _left = left with { LastWriteUtc = found.Stamp.LastWriteUtc };
            if (found.Stamp.LastWriteUtc - time.GetUtcNow().UtcDateTime > s_aheadByClock || _toldOf == left.Name)
            {
                return;
            }

            _toldOf = left.Name;
            line = $"the lease {lease.Subnet} of {lease.PublicIp} is written by another process "
                + "with this public "
                + $"address ({Path.Combine(folder.Directory, left.Name)}); if two hosts have it, give each its own "
                + "with --public-ip";
        }

        warn(line);
    }
}
