using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Leases;

/// <summary>What a daemon starts from.</summary>
/// <param name="Config">The network config.</param>
/// <param name="Own">The lease held.</param>
/// <param name="IsNew">False when it was held before this start, and so survives one that fails.</param>
/// <param name="Peers">The other hosts' leases, from a snapshot; null to wait for the store's first answer.</param>
internal sealed record StartingPoint(
    NetworkConfig Config, SubnetLease Own, bool IsNew, IReadOnlyList<SubnetLease>? Peers);

/// <summary>
/// Gets config and lease from the store at the start. While the store is not ready it waits; unless what an earlier
/// daemon knew is still good, then that is the start.
/// </summary>
/// <param name="store">Where config and lease are.</param>
/// <param name="snapshots">What an earlier daemon knew.</param>
/// <param name="publicIp">This host's identity.</param>
/// <param name="clock">Paces the attempts, and judges a snapshot's age.</param>
/// <param name="random">Keeps the hosts of a fleet out of step.</param>
/// <param name="log">Gets a line for a wait, and for what came of it.</param>
internal sealed class LeaseStarter(
    ILeaseStore store, SnapshotFile snapshots, Ipv4Address publicIp, TimeProvider clock, Random random, ILogger log)
{
    private readonly StoreRetry _retry = new(
        clock, random, reason => Log.WaitingForStore(log, store.Description, reason));

    private LeaseSnapshot? _snapshot; // once there is one, the store is not asked any more
    private bool _snapshotIsJudged;

    /// <summary>What becomes of the lease.</summary>
    internal LeaseCounts Counts { get; } = new();

    /// <summary>The network config, as soon as there is one.</summary>
    /// <exception cref="LeaseStoreException">It is wrong, or the store refuses: waiting would not help.</exception>
    internal Task<NetworkConfig> ReadConfigAsync(CancellationToken cancellation) =>
        PatientlyAsync(store.ReadConfigAsync, snapshot => snapshot.Config, config: null, cancellation);

    /// <summary>The lease that <see cref="AcquireAsync"/> is going to take again, as soon as that is known.</summary>
    /// <param name="config">What <see cref="ReadConfigAsync"/> has brought.</param>
    /// <param name="previous">The subnet held before; null when there is none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null when this host has none.</returns>
    /// <exception cref="LeaseStoreException">It cannot be known: waiting would not help.</exception>
    internal Task<SubnetLease?> FindOwnAsync(
        NetworkConfig config, Ipv4Prefix? previous, CancellationToken cancellation) => PatientlyAsync(
        stop => store.FindOwnAsync(config, new LeaseRequest(new LeaseAttributes(publicIp), previous), stop),
        snapshot => snapshot.Own,
        config,
        cancellation);

    /// <summary>A lease, as soon as there is one.</summary>
    /// <param name="config">What <see cref="ReadConfigAsync"/> has brought.</param>
    /// <param name="published">What the backend publishes in the lease.</param>
    /// <param name="previous">The subnet held before; null when there is none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="LeaseStoreException">None can be had: waiting would not help.</exception>
    internal Task<StartingPoint> AcquireAsync(
        NetworkConfig config, BackendLeaseData published, Ipv4Prefix? previous, CancellationToken cancellation)
    {
        var attributes = new LeaseAttributes(publicIp) { Backend = published };
        return PatientlyAsync(
            async stop =>
            {
                AcquiredLease acquired = await TakeAsync(config, new LeaseRequest(attributes, previous), stop);
                Log.Acquired(
                    log, acquired.Lease.Subnet.ToString(), config.Network.ToString(), store.Description,
                    RenewalClock.EndOf(acquired.Lease));
                return new StartingPoint(config, acquired.Lease, acquired.IsNew, Peers: null);
            },
            // The next renewal publishes what the backend says now.
            snapshot => new StartingPoint(
                snapshot.Config, snapshot.Own with { Attributes = attributes }, IsNew: false, snapshot.Peers),
            config,
            cancellation);
    }

    private async Task<AcquiredLease> TakeAsync(
        NetworkConfig config, LeaseRequest request, CancellationToken cancellation)
    {
        try
        {
            AcquiredLease acquired = await store.AcquireAsync(config, request, cancellation);
            Counts.AddAcquired(acquired, request.PreviousSubnet);
            return acquired;
        }
        catch (LeaseStoreException)
        {
            Counts.AddNotAcquired();
            throw;
        }
    }

    private async Task<T> PatientlyAsync<T>(
        Func<CancellationToken, Task<T>> ask, Func<LeaseSnapshot, T> known, NetworkConfig? config,
        CancellationToken cancellation)
    {
        while (_snapshot is null)
        {
            try
            {
                // a store on a file system that hangs does not listen
                return await ask(cancellation).WaitAsync(cancellation);
            }
            catch (LeaseStoreNotReadyException problem)
            {
                if (!_snapshotIsJudged)
                {
                    _snapshotIsJudged = true;
                    Judge(config, problem.Message);
                }

                if (_snapshot is null)
                {
                    await _retry.PauseAsync(problem.Message, cancellation);
                }
            }
        }

        return known(_snapshot);
    }

    private void Judge(NetworkConfig? config, string reason)
    {
        _snapshot = snapshots.Read(
            snapshot => snapshot.FaultFor(store.Description, publicIp, config, clock.GetUtcNow(), store.MayHold));
        if (_snapshot is not null)
        {
            Log.StartingFromSnapshot(
                log, store.Description, reason, _snapshot.Written, _snapshot.Own.Subnet.ToString(),
                _snapshot.Peers.Select(lease => lease.PublicIp).Where(peer => peer != publicIp).Distinct().Count());
        }
    }
}
