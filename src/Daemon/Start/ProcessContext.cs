using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Endpoints;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Lease;

namespace Overlay.Daemon.Start;

/// <summary>What one daemon after the other finds in its process.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="RunDirectory">Held.</param>
/// <param name="Kept">What a restart leaves open.</param>
/// <param name="Service">Who is told that a daemon is ready.</param>
/// <param name="Health">What is wrong; what was put back is counted on over restarts.</param>
/// <param name="Progress">Whether a worker hangs.</param>
/// <param name="Probes">Is told when a daemon has started.</param>
/// <param name="Running">The one that forwards, for those who ask.</param>
internal sealed record ProcessContext(
    RunOptions Options,
    RunDirectory RunDirectory,
    KeptDescriptors Kept,
    ServiceManager Service,
    HealthBoard Health,
    WorkerProgress Progress,
    ProbePages Probes,
    ForwardingDaemon Running)
{
    private static readonly TimeSpan s_patienceForAddress = TimeSpan.FromSeconds(3);

    /// <summary>The same with the public address that the store says this host has, where it says one.</summary>
    /// <remarks>A store that is away is not waited for: when it is back it says so, and the daemon starts
    /// again.</remarks>
    /// <exception cref="LeaseStoreException">What it says cannot be used, or it refuses.</exception>
    internal async Task<ProcessContext> NamedByAsync(ILeaseStore store, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patienceForAddress);
        try
        {
            return await store.FindPublicIpAsync(patience.Token) is { } publicIp
                ? this with { Options = Options with { Underlay = Options.Underlay with { PublicIp = publicIp } } }
                : this;
        }
        catch (Exception problem) when (problem is LeaseStoreNotReadyException
            || (problem is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return this;
        }
    }
}
