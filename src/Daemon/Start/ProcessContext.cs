using Overlay.Daemon.Endpoints;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Health;

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
    ForwardingDaemon Running);
