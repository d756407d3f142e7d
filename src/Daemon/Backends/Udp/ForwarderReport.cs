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
    internal static CountersReport Of(Forwarder forwarder, RouteTable routes, KernelReport? kernel = null)
    {
        DirectionReport outbound = Of(forwarder.Outbound);
        DirectionReport inbound = Of(forwarder.Inbound);
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
            MeterOf(forwarder));
    }

    private static DirectionReport Of(DirectionTotals counters) => new(
        counters.ForwardedPackets,
        counters.ForwardedBytes,
        NotZero(DropReasons.All.Select(reason => (reason.Name(), counters.Dropped(reason)))),
        NotZero(CountedEvents.All.Select(countedEvent => (countedEvent.Name(), counters.Seen(countedEvent)))),
        counters.LastRefusal == Errno.None ? null : LinuxException.Describe(counters.LastRefusal));

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
