using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>Keeps routes and own lease up to date: store → view → publisher, and renewals.</summary>
internal sealed class LeaseLoop(
    ILeaseStore store, NetworkConfig config, SubnetLease own, RoutePublisher publisher, TimeProvider clock, ILogger log)
{
    /// <summary>Changes beyond this many in one update are logged as a sum: the first snapshot of a large network, say.</summary>
    private const int MostChangesLoggedSingly = 16;

    private static readonly TimeSpan s_renewalMargin = TimeSpan.FromMinutes(60); // flannel's default
    private static readonly TimeSpan s_renewalCheck = TimeSpan.FromMinutes(1);

    private readonly LeaseView _view = new(own.Subnet, own.PublicIp);
    private readonly TaskCompletionSource _firstUpdate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the store's first answer has been published.</summary>
    internal Task FirstUpdate => _firstUpdate.Task;

    /// <summary>Runs until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(WatchAsync(cancellation), RenewAsync(cancellation));

    private async Task WatchAsync(CancellationToken cancellation)
    {
        bool inGap = false;
        try
        {
            await foreach (LeaseUpdate update in store.WatchAsync(config, cancellation))
            {
                if (update is LeaseUpdate.Gap gap)
                {
                    inGap = true;
                    Log.Gap(log, gap.Reason);
                }
                else if (inGap)
                {
                    inGap = false;
                    Log.GapOver(log);
                }

                LeaseDelta delta = _view.Apply(update);
                if (!delta.IsEmpty || !_firstUpdate.Task.IsCompleted)
                {
                    publisher.Publish(_view.Leases);
                    Report(delta);
                }

                _firstUpdate.TrySetResult();
            }
        }
        catch (Exception problem) when (_firstUpdate.TrySetException(problem))
        {
            throw;
        }
    }

    private async Task RenewAsync(CancellationToken cancellation)
    {
        SubnetLease held = own;
        using var timer = new PeriodicTimer(s_renewalCheck, clock);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            if (clock.GetUtcNow() < held.Expires - s_renewalMargin)
            {
                continue;
            }

            try
            {
                held = await store.RenewAsync(held, cancellation);
                Log.Renewed(log, held.Subnet.ToString(), held.Expires);
            }
            catch (LeaseStoreException problem)
            {
                Log.RenewalFailed(log, held.Subnet.ToString(), (int)s_renewalCheck.TotalSeconds, problem.Message);
            }
        }
    }

    private void Report(LeaseDelta delta)
    {
        if (delta.Added.Count + delta.Changed.Count + delta.Removed.Count > MostChangesLoggedSingly)
        {
            Log.SubnetsChanged(log, delta.Added.Count, delta.Changed.Count, delta.Removed.Count, _view.Leases.Count);
            return;
        }

        foreach (SubnetLease lease in delta.Added)
        {
            Log.SubnetAdded(log, lease.Subnet.ToString(), Ipv4Prefix.Format(lease.PublicIp));
        }

        foreach (SubnetLease lease in delta.Changed)
        {
            Log.SubnetChanged(log, lease.Subnet.ToString(), Ipv4Prefix.Format(lease.PublicIp));
        }

        foreach (SubnetLease lease in delta.Removed)
        {
            Log.SubnetRemoved(log, lease.Subnet.ToString());
        }
    }
}
