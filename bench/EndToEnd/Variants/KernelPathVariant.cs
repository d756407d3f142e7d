using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Control;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>The udp backend whose packets the kernel forwards, but for floods of UDP.</summary>
internal sealed class KernelPathVariant : DaemonVariant
{
    // A peer is asked each second; on a machine that has many labs to build, later.
    private static readonly TimeSpan s_reachedWithin = TimeSpan.FromSeconds(30);

    // After a flood UDP goes through user space until it has been quiet for a second (docs/architecture.md, The kernel
    // path); the rest is for datagrams that come late.
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(1.2);

    private long _floodedAt;

    [SetsRequiredMembers]
    internal KernelPathVariant(Variant variant, LabPlan plan, RunningLab lab)
        : base(variant, plan, lab)
    {
    }

    /// <inheritdoc/>
    internal override string Carrier => "flannel0";

    /// <inheritdoc/>
    internal override void WaitUntilItWorks(CancellationToken cancellation)
    {
        base.WaitUntilItWorks(cancellation);
        if (!Condition.Holds(IsReachedOnBothHosts, s_reachedWithin, cancellation))
        {
            string[] hosts = [.. ReadCounters().Select(
                (counters, i) => $"{Plan.Hosts[i].Name}: {counters.KernelPath?.State ?? "user"}{string.Concat(
                    PeersOf(counters).Select(peer => $", {peer.Peer} {(peer.IsReached ? "" : "not ")}reached"))}")];
            throw new BenchException(
                $"{Variant.Name}: packets between the hosts do not leave by the kernel after "
                    + $"{s_reachedWithin.TotalSeconds:0} s ({string.Join("; ", hosts)}); leave it out with "
                    + "--variants");
        }
    }

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() => ReadDeliveredBytes();

    /// <inheritdoc/>
    internal override long? ReadKernelBytes() => ReadCounters().Sum(counters => counters.KernelPath?.InboundBytes ?? 0);

    /// <inheritdoc/>
    internal override void NoteFlood() => _floodedAt = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    internal override void WaitUntilQuiet(CancellationToken cancellation)
    {
        TimeSpan left = s_quiet - Stopwatch.GetElapsedTime(_floodedAt);
        if (_floodedAt != 0 && left > TimeSpan.Zero)
        {
            Condition.Pause(left, cancellation);
        }
    }

    private bool IsReachedOnBothHosts() => ReadCounters().All(
        counters => PeersOf(counters) is [_, ..] peers && peers.All(peer => peer.IsReached));

    private static IReadOnlyList<KernelPeerReport> PeersOf(CountersReport counters) => counters.KernelPath?.Peers ?? [];
}
