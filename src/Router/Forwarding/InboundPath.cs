using System;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.Router.Forwarding;

/// <summary>What happens to a datagram from another host: bytes in, verdict out, no I/O.</summary>
internal static class InboundPath
{
    /// <summary>Validates one datagram and takes one from its packet's time to live.</summary>
    /// <param name="routes">The table in force for the batch.</param>
    /// <param name="check">How much the source has to prove.</param>
    /// <param name="outerSource">Where the datagram came from.</param>
    /// <param name="bytes">The datagram, whole; on <see cref="DropReason.None"/> time to live and checksum have
    /// changed.</param>
    /// <param name="packet">The view of the packet; its bytes are what goes to the kernel.</param>
    /// <returns><see cref="DropReason.None"/> to deliver it, or why not; the packet is then as it was.</returns>
    public static DropReason Accept(
        RouteTable routes, SourceCheck check, Ipv4Address outerSource, Span<byte> bytes, out Ipv4Header packet)
    {
        // The cheapest answer first: a flood from a stranger costs one probe of a hash.
        if (check != SourceCheck.Off && !routes.IsPeer(outerSource))
        {
            packet = default;
            return DropReason.UnknownPeer;
        }

        DropReason fault = Ipv4Header.Parse(bytes, out packet);
        if (fault != DropReason.None)
        {
            return fault;
        }

        if (!packet.HasValidChecksum)
        {
            return DropReason.BadChecksum;
        }

        // The kernel would drop it without a name.
        if (!packet.HasUnicastSource)
        {
            return DropReason.MartianSource;
        }

        if (check == SourceCheck.Strict && !MayComeFrom(routes, outerSource, packet.Source))
        {
            return DropReason.SpoofedSource;
        }

        // No transit in any mode: with stale tables on two hosts a packet would travel between them until its time is
        // up.
        if (!routes.IsInOwnSubnet(packet.Destination))
        {
            return DropReason.NotOurs;
        }

        if (packet.TimeToLive <= 1)
        {
            return DropReason.TtlExpired;
        }

        packet.StepTimeToLive();
        return DropReason.None;
    }

    // A source outside the network is allowed: a host's own address, or a pod's that masquerading has not covered.
    private static bool MayComeFrom(RouteTable routes, Ipv4Address sender, Ipv4Address source) =>
        routes.IsInNetwork(source)
            ? !routes.IsInOwnSubnet(source) && routes.Find(source) == sender
            : !routes.IsInOwnSubnet(source);
}
