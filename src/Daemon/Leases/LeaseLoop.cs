using System;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>Keeps routes and own lease up to date: store → view → publisher, and renewals.</summary>
internal sealed class LeaseLoop(
    ILeaseStore store, NetworkConfig config, SubnetLease own, RoutePublisher publisher, TimeProvider clock, ILogger log)
{
    /// <summary>How long before its end a lease is renewed: flannel's default.</summary>
    internal static readonly TimeSpan RenewalMargin = TimeSpan.FromMinutes(60);

    /// <summary>How often that is looked at: in steps, so that a host that was suspended, or whose clock was set, renews soon.</summary>
    internal static readonly TimeSpan RenewalCheck = TimeSpan.FromMinutes(1);

    /// <summary>Changes beyond this many in one update are logged as a sum: the first snapshot of a large network, say.</summary>
    private const int MostChangesLoggedSingly = 16;

    private readonly LeaseView _view = new(own.Subnet, own.PublicIp);
    private readonly TaskCompletionSource _firstUpdate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One wake-up waiting says as much as two.
    private readonly Channel<bool> _wakeRenewal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile bool _ownIsGone; // the store does not show it as ours, or could not be asked to renew it

    /// <summary>Completes when the store's first answer has been published.</summary>
    internal Task FirstUpdate => _firstUpdate.Task;

    /// <summary>Runs until cancelled, or until one of the two halves ends by itself: neither is any use without the other.</summary>
    /// <exception cref="LeaseLostException">Another owner holds our subnet.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task first = await Task.WhenAny(WatchAsync(ending.Token), RenewAsync(ending.Token));
        await ending.CancelAsync();

        // The other one is not waited for: a store on a file system that hangs would keep the daemon from ending.
        await first;
    }

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
                if (!_view.OwnIsHeld)
                {
                    _ownIsGone = true;
                    _wakeRenewal.Writer.TryWrite(true);
                }
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
        await using ITimer tick = clock.CreateTimer(_ => _wakeRenewal.Writer.TryWrite(true), null, RenewalCheck, RenewalCheck);
        await foreach (bool _ in _wakeRenewal.Reader.ReadAllAsync(cancellation))
        {
            if (!_ownIsGone && clock.GetUtcNow() < held.Expires - RenewalMargin)
            {
                continue;
            }

            _ownIsGone = false; // before the renewal: what happens to the lease after it is news again
            try
            {
                held = await store.RenewAsync(held, cancellation);
                Log.Renewed(log, held.Subnet.ToString(), held.Expires);
            }
            catch (LeaseStoreException problem) when (problem is not LeaseLostException)
            {
                _ownIsGone = true;
                Log.RenewalFailed(log, held.Subnet.ToString(), (int)RenewalCheck.TotalSeconds, problem.Message);
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
