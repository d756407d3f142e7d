using System;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.Router.Forwarding;

/// <summary>What happens to a packet read from the TUN: bytes in, verdict out, no I/O.</summary>
internal static class OutboundPath
{
    /// <summary>Validates one packet, finds its next hop and takes one from its time to live.</summary>
    /// <param name="routes">The table in force for the batch.</param>
    /// <param name="bytes">One packet as read; on <see cref="DropReason.None"/> its time to live and checksum have changed.</param>
    /// <param name="packet">The view of the packet; its bytes are what goes into the datagram.</param>
    /// <param name="nextHop">The outer address it goes to, host order.</param>
    /// <returns><see cref="DropReason.None"/> to send it, or why not; the packet is then as it was.</returns>
    public static DropReason Route(RouteTable routes, Span<byte> bytes, out Ipv4Header packet, out uint nextHop)
    {
        nextHop = 0;
        DropReason fault = Ipv4Header.Parse(bytes, out packet);
        if (fault != DropReason.None)
        {
            return fault;
        }

        nextHop = routes.Find(packet.Destination);
        if (nextHop == 0)
        {
            return DropReason.NoRoute;
        }

        if (packet.TimeToLive <= 1)
        {
            return DropReason.TtlExpired;
        }

        packet.StepTimeToLive();
        return DropReason.None;
    }
}
