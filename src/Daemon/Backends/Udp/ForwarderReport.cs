using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;
using Overlay.Router.Metering;
using Overlay.Router.Routes;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>A running forwarder's counters in the form that the control socket hands out.</summary>
internal static class ForwarderReport
{
    /// <summary>Reads the counters of a forwarder.</summary>
    /// <param name="forwarder">Running or stopped.</param>
    /// <param name="routes">The table in force.</param>
    /// <param name="kernel">What the kernel dropped; null when nobody asks it.</param>
    /// <param name="datapath">What forwards in the kernel; null when nothing does.</param>
    internal static CountersReport Of(
        Forwarder forwarder, RouteTable routes, KernelReport? kernel = null, KernelDatapath? datapath = null)
    {
        DirectionReport outbound = Of(forwarder.Outbound);
        DirectionReport inbound = Of(forwarder.Inbound);
        KernelPathReport? kernelPath = datapath?.Report();
        if (kernelPath is not null)
        {
            outbound = Add(
                outbound, kernelPath.OutboundPackets, kernelPath.OutboundBytes, DropReason.SendRefused,
                kernelPath.OutboundDrops);
            inbound = Add(
                inbound, kernelPath.InboundPackets, kernelPath.InboundBytes, DropReason.TunRefused,
                kernelPath.InboundDrops);
        }

        return new CountersReport(
            outbound,
            inbound,
            CountersReport.SumDrops([outbound.Drops, inbound.Drops]),
            routes.Count,
            routes.PeerCount,
            AccelerationReport.Of(forwarder.Accelerations),
            [.. forwarder.Paths.Current.Paths.Select(
                path => new PathReport(path.Peer.ToString(), path.Mtu, path.TakesTrains))],
            kernel,
            MeterOf(forwarder),
            KernelPath: kernelPath,
            PerPeer: PeersOf(forwarder, routes, kernelPath));
    }

    // Those of the table, so that what a peer counted goes with it whichever way its packets took.
    private static IReadOnlyList<PeerReport> PeersOf(Forwarder forwarder, RouteTable routes, KernelPathReport? kernel)
    {
        var byKernel = (kernel?.Peers ?? []).ToDictionary(peer => peer.Peer);
        List<PeerReport> reports =
        [
            .. forwarder.Peers.Where(peer => routes.IsPeer(peer.Peer)).Select(peer =>
            {
                byKernel.Remove(peer.Peer.ToString(), out KernelPeerReport? kernelPeer);
                return WithKernel(
                    new PeerReport(
                        peer.Peer.ToString(), peer.OutboundPackets, peer.OutboundBytes, peer.InboundPackets,
                        peer.InboundBytes),
                    kernelPeer);
            }),
        ];
        reports.AddRange(byKernel.Values.Where(peer => peer.OutboundPackets + peer.InboundPackets > 0)
            .Select(peer => WithKernel(new PeerReport(peer.Peer, 0, 0, 0, 0), peer)));
        reports.Sort((one, other) => string.CompareOrdinal(one.Peer, other.Peer));
        return reports;
    }

    private static PeerReport WithKernel(PeerReport peer, KernelPeerReport? kernel) => kernel is null ? peer : new(
        peer.Peer,
        peer.OutboundPackets + kernel.OutboundPackets,
        peer.OutboundBytes + kernel.OutboundBytes,
        peer.InboundPackets + kernel.InboundPackets,
        peer.InboundBytes + kernel.InboundBytes,
        kernel.OutboundPackets,
        kernel.OutboundBytes,
        kernel.InboundPackets,
        kernel.InboundBytes);

    private static DirectionReport Add(
        DirectionReport direction, long packets, long bytes, DropReason reason, long drops) => direction with
    {
        Packets = direction.Packets + packets,
        Bytes = direction.Bytes + bytes,
        Drops = drops == 0 ? direction.Drops : CountersReport.SumDrops(
            [direction.Drops, new Dictionary<string, long>(StringComparer.Ordinal) { [reason.Name()] = drops }]),
    };

    private static DirectionReport Of(DirectionTotals counters) => new(
        counters.ForwardedPackets,
        counters.ForwardedBytes,
        NotZero(DropReasons.All.Select(reason => (reason.Name(), counters.Dropped(reason)))),
        NotZero(CountedEvents.All.Select(countedEvent => (countedEvent.Name(), counters.Seen(countedEvent)))),
        counters.LastRefusal == Errno.None ? null : LinuxException.Describe(counters.LastRefusal),
        counters.Batches,
        counters.BatchedPackets);

    private static MeterReport? MeterOf(Forwarder forwarder) =>
        forwarder.OutboundMeter is { } outbound && forwarder.InboundMeter is { } inbound
            ? new MeterReport(Of(outbound), Of(inbound))
            : null;

    private static DirectionMeter Of(MeterTotals meter) => new(
        MeteredCalls.All.Where(call => meter.CallsOf(call) > 0).ToDictionary(
            MeteredCalls.Name,
            call => new CallReport(meter.CallsOf(call), meter.BytesOf(call), meter.SecondsOf(call)),
            StringComparer.Ordinal),
        meter.WorkSeconds,
        meter.UserCopiedBytes);

    private static Dictionary<string, long> NotZero(IEnumerable<(string Name, long Count)> counts) =>
        counts.Where(count => count.Count != 0)
            .ToDictionary(count => count.Name, count => count.Count, StringComparer.Ordinal);
}
