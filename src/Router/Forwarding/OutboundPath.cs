using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.Router.Forwarding;

/// <summary>Whether and where a packet from the TUN goes: header in, verdict out, no I/O.</summary>
internal static class OutboundPath
{
    /// <summary>Finds one packet's next hop.</summary>
    /// <param name="routes">The table in force for the batch.</param>
    /// <param name="packet">The packet; nothing of it is changed.</param>
    /// <param name="nextHop">The outer address it goes to; 0.0.0.0 when nothing leads there.</param>
    /// <returns><see cref="DropReason.None"/> to send it, with one taken from its time to live, or why not.</returns>
    public static DropReason Route(RouteTable routes, in Ipv4Header packet, out Ipv4Address nextHop)
    {
        nextHop = routes.Find(packet.Destination);
        return nextHop.IsUnspecified ? DropReason.NoRoute
            : packet.TimeToLive <= 1 ? DropReason.TtlExpired
            : DropReason.None;
    }
}
