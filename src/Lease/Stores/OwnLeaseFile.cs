using System;
using System.IO;
using System.Threading;
using Overlay.Net;

namespace Overlay.Lease.Stores;

/// <summary>
/// Our own lease's file as we wrote it last. Another host with our public address takes the file for its own and renews
/// it too, which shows only in the file's date. Safe for several threads.
/// </summary>
/// <remarks>
/// A date is another host's renewal when it is later than ours by more than a file system rounds, and not in the
/// future. Earlier dates come from a restored backup or from what a network mount has cached; dates in the future are
/// made by an operator who reserves the lease or has it last longer. A reservation that two hosts share goes unnoticed:
/// both keep its date.
/// </remarks>
internal sealed class OwnLeaseFile(LeaseFolder folder, TimeProvider clock, Action<string> warn)
{
    // A date further ahead than this is not a renewal, however far another host's clock is ahead.
    private static readonly TimeSpan s_aheadByClock = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private (string Name, Ipv4Address PublicIp, DateTime LastWriteUtc)? _left;
    private string? _reported;

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
            // The date as the file system returns it, which may differ from what was written.
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

            // Compared when it is first seen: a date that is in the future now will not be some day.
            _left = left with { LastWriteUtc = found.Stamp.LastWriteUtc };
            if (found.Stamp.LastWriteUtc - clock.GetUtcNow().UtcDateTime > s_aheadByClock || _reported == left.Name)
            {
                return;
            }

            _reported = left.Name;
            line = $"the lease {lease.Subnet} of {lease.PublicIp} is written by another process "
                + "with this public "
                + $"address ({Path.Combine(folder.Directory, left.Name)}); if two hosts have it, give each its own "
                + "with --public-ip";
        }

        warn(line);
    }
}
