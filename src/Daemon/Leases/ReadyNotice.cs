using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>
/// Has the store told that the overlay works on this host, and tries that again while the store is away: a cluster
/// gives a node no pods before.
/// </summary>
/// <param name="store">Whom to tell.</param>
/// <param name="clock">Paces the attempts.</param>
/// <param name="random">Keeps the hosts of a fleet out of step.</param>
/// <param name="log">Gets a line for what fails.</param>
internal sealed class ReadyNotice(ILeaseStore store, TimeProvider clock, Random random, ILogger log)
{
    private readonly StoreRetry _retry = new(clock, random, reason => Log.StoreWarning(log, reason));

    /// <summary>Runs until it is told, or until the store refuses, which does not keep packets from going on.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await store.AnnounceReadyAsync(cancellation);
                return;
            }
            catch (LeaseStoreNotReadyException problem)
            {
                await _retry.PauseAsync(problem.Message, cancellation);
            }
            catch (LeaseStoreException problem)
            {
                Log.StoreWarning(log, problem.Message);
                return;
            }
        }
    }
}
