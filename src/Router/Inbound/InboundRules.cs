using System;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Router.Workers;

namespace Overlay.Router.Inbound;

/// <summary>
/// Decides whether a datagram from another host is delivered, by its bytes and its source alone. No I/O.
/// </summary>
internal static class InboundRules
{
    /// <summary>Validates one datagram and, when it is accepted, reduces its packet's time to live by one.</summary>
    /// <param name="routes">The table in force for the batch.</param>
    /// <param name="check">What is checked of the source.</param>
    /// <param name="outerSource">Where the datagram came from.</param>
    /// <param name="bytes">The whole datagram.</param>
    /// <param name="packet">The view of the packet, which may be shorter than the datagram.</param>
    /// <returns><see cref="DropReason.None"/> to deliver it, or why not; the packet is then unchanged.</returns>
    public static DropReason Accept(
        RouteTable routes, SourceCheck check, Ipv4Address outerSource, Span<byte> bytes, out Ipv4Header packet)
    {
        // The cheapest check first: a flood from a stranger costs one lookup per datagram.
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

        // The kernel would drop it too, but under no counter of ours.
        if (!packet.HasUnicastSource)
        {
            return DropReason.MartianSource;
        }

        if (check == SourceCheck.Strict && !MayComeFrom(routes, outerSource, packet.Source))
        {
            return DropReason.SpoofedSource;
        }

        // No transit in any mode: with stale tables on two hosts a packet would go back and forth between them until
        // its time to live is used up.
        if (!routes.IsOwn(packet.Destination))
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

    // A source outside the network is allowed: a host's own address, or a pod's that masquerading has not replaced.
    // Hosts may have their addresses inside the network, and then each may send from the one it is known by.
    private static bool MayComeFrom(RouteTable routes, Ipv4Address sender, Ipv4Address source)
    {
        if (routes.IsOwn(source))
        {
            return false;
        }

        if (!routes.IsInNetwork(source))
        {
            return true;
        }

        Ipv4Address owner = routes.Find(source);
        return owner == sender || (owner.IsUnspecified && source == sender);
    }
}
