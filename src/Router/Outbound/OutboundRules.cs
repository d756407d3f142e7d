using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Routes;

namespace Overlay.Router.Outbound;

/// <summary>Decides whether and where a packet from the TUN goes, by its header alone. No I/O.</summary>
internal static class OutboundRules
{
    /// <summary>Finds one packet's next hop.</summary>
    /// <param name="routes">The table in force for the batch.</param>
    /// <param name="own">How this host's own datagrams are known.</param>
    /// <param name="packet">The packet; it is not changed.</param>
    /// <param name="nextHop">The outer address it goes to; 0.0.0.0 when there is no route.</param>
    /// <returns><see cref="DropReason.None"/> to send it with its time to live reduced by one, or why not.</returns>
    public static DropReason Route(
        RouteTable routes, in TunnelEndpoint own, in Ipv4Header packet, out Ipv4Address nextHop)
    {
        nextHop = routes.Find(packet.Destination);
        return own.HasSent(packet) ? DropReason.Looped
            : nextHop.IsUnspecified ? DropReason.NoRoute
            : packet.TimeToLive <= 1 ? DropReason.TtlExpired
            : DropReason.None;
    }
}
