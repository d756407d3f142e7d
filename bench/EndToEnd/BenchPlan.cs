using System;
using System.Collections.Generic;
using Overlay.Bench.Variants;

namespace Overlay.Bench;

/// <summary>What is measured, how long and how often.</summary>
internal sealed record BenchPlan
{
    /// <summary>Those that are up at the same time: each is a lab of its own.</summary>
    internal const int MostVariants = 24;

    /// <summary>In the order in which they take turns.</summary>
    internal required IReadOnlyList<Variant> Variants { get; init; }

    /// <summary>The first is the one whose processor time is told.</summary>
    internal required IReadOnlyList<TcpTraffic> Tcp { get; init; }

    /// <summary>The last is of full size: half of it is the load of the last latency test.</summary>
    internal required IReadOnlyList<UdpTraffic> Udp { get; init; }

    /// <summary>Each test of each variant, so often.</summary>
    internal required int Rounds { get; init; }

    /// <summary>At the start of each measurement, not counted.</summary>
    internal required TimeSpan Omit { get; init; }

    /// <summary>Of each measurement, counted.</summary>
    internal required TimeSpan Duration { get; init; }

    /// <summary>How long each variant is run before the first round: a runtime compiles what it finds busy.</summary>
    internal required TimeSpan WarmUp { get; init; }

    /// <summary>What the wire does with superpackets.</summary>
    internal required Wire Wire { get; init; }

    /// <summary>Whether it is the short form.</summary>
    internal required bool IsQuick { get; init; }

    /// <summary>Measurements in all: latency is measured idle and under load.</summary>
    internal int Steps => Rounds * Variants.Count * (Tcp.Count + Udp.Count + 2);

    /// <summary>
    /// The same with measurements of this length; what is left out at their start is shorter with it.
    /// </summary>
    internal BenchPlan Lasting(TimeSpan duration) => this with
    {
        Duration = duration,
        Omit = duration < Duration ? Omit * (duration / Duration) : Omit,
    };

    /// <summary>Everything, some half an hour.</summary>
    internal static BenchPlan Full(IReadOnlyList<Variant> variants, Wire wire) => new()
    {
        Variants = variants,
        Tcp = [new(1, false), new(4, false), new(16, false), new(1, true), new(4, true), new(16, true)],
        Udp = [new(64), new(512), new(null)],
        Rounds = 5,
        Omit = TimeSpan.FromSeconds(0.3),
        Duration = TimeSpan.FromSeconds(1),
        WarmUp = TimeSpan.FromSeconds(2),
        Wire = wire,
        IsQuick = false,
    };

    /// <summary>The tests that say most, shorter: some two minutes.</summary>
    internal static BenchPlan Quick(IReadOnlyList<Variant> variants, Wire wire) => Full(variants, wire) with
    {
        Tcp = [new(1, false), new(4, false), new(1, true)],
        Udp = [new(64), new(null)],
        Omit = TimeSpan.FromSeconds(0.1),
        Duration = TimeSpan.FromSeconds(0.25),
        WarmUp = TimeSpan.FromSeconds(0.6),
        IsQuick = true,
    };
}
