using System;
using System.Collections.Generic;
using Overlay.Daemon.Options;
using Overlay.Router.Forwarding;
using Overlay.Router.Workers;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>What an engine's name stands for.</summary>
/// <param name="Accelerations">What it asks the kernel for.</param>
/// <param name="PacketsPerCall">Packets or messages taken before the other direction has its turn, 1 or more.</param>
/// <param name="Layout">Its threads; null to go by the number of processors.</param>
internal sealed record EngineProfile(
    IReadOnlyList<Acceleration> Accelerations, int PacketsPerCall, WorkerLayout? Layout)
{
    private const int ManyPackets = 64;

    /// <summary>The profile of an engine.</summary>
    internal static EngineProfile Of(Engine engine) => engine switch
    {
        // Stock's loop: one thread, a packet out, a packet in (flannel, pkg/backend/udp/proxy_amd64.c, run_proxy).
        Engine.Classic => new([], 1, WorkerLayout.Duplex),
        Engine.Batch => new([Acceleration.Mmsg], ManyPackets, null),
        Engine.Offload => new(Router.Workers.Accelerations.All, ManyPackets, null),
        Engine.Pipeline => new(Router.Workers.Accelerations.All, ManyPackets, WorkerLayout.Pipeline),
        _ => throw new ArgumentOutOfRangeException(nameof(engine), engine, "not an engine"),
    };
}
