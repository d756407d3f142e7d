using System;
using System.Collections.Generic;
using System.Globalization;
using Overlay.Daemon.Cli;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon;

/// <summary>What an engine's name stands for.</summary>
/// <param name="Accelerations">What it asks the kernel for.</param>
/// <param name="PacketsACall">Packets or messages taken before the other direction has its turn, 1 or more.</param>
/// <param name="Layout">Its threads; null to go by the number of processors.</param>
internal sealed record EngineProfile(IReadOnlyList<Acceleration> Accelerations, int PacketsACall, WorkerLayout? Layout)
{
    private const int ManyPackets = 64;

    /// <summary>The profile of an engine.</summary>
    internal static EngineProfile Of(Engine engine) => engine switch
    {
        // Stock's loop: one thread, a packet out, a packet in (flannel, pkg/backend/udp/proxy_amd64.c, run_proxy).
        Engine.Classic => new([], 1, WorkerLayout.Duplex),
        Engine.Batch => new([Acceleration.Mmsg], ManyPackets, null),
        Engine.Offload => new(Router.Forwarding.Accelerations.All, ManyPackets, null),
        Engine.Pipeline => new(Router.Forwarding.Accelerations.All, ManyPackets, WorkerLayout.Pipeline),
        _ => throw new ArgumentOutOfRangeException(nameof(engine), engine, "not an engine"),
    };
}

/// <summary>Which threads there are.</summary>
/// <param name="Layout">For each lane.</param>
/// <param name="Lanes">TUN queues and sockets, 1 to <see cref="MaximumLanes"/>.</param>
internal sealed record WorkerPlan(WorkerLayout Layout, int Lanes)
{
    /// <summary>More would each have a share of the flows too small to matter.</summary>
    internal const int MaximumLanes = 16;

    // A pair for this many processors: the applications and the kernel's own network threads need the others.
    private const int ProcessorsALane = 4;

    // Up to here a second thread gains no throughput, and an answer waits for it to wake: a ping took a third longer (bench/README.md).
    private const int FewProcessors = 2;

    /// <summary>The plan for a machine.</summary>
    /// <param name="profile">The engine's.</param>
    /// <param name="chosen">The operator's; null to go by the engine and the number of processors.</param>
    /// <param name="processors">1 or more.</param>
    internal static WorkerPlan For(EngineProfile profile, WorkerPlan? chosen, int processors) => (profile.Layout, chosen) switch
    {
        (WorkerLayout.Pipeline, _) => new(WorkerLayout.Pipeline, chosen?.Lanes ?? 1),
        (_, not null) => chosen,
        (WorkerLayout layout, _) => new(layout, 1),
        _ when processors <= FewProcessors => new(WorkerLayout.Duplex, 1),
        _ => new(WorkerLayout.Pair, Math.Clamp(processors / ProcessorsALane, 1, 8)),
    };

    /// <inheritdoc/>
    public override string ToString() => Layout switch
    {
        WorkerLayout.Duplex => "one thread for both ways",
        WorkerLayout.Pipeline => "two threads each way",
        _ => Lanes == 1 ? "one thread each way" : string.Create(CultureInfo.InvariantCulture, $"{Lanes} threads each way"),
    };
}
