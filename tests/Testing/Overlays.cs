using System.Linq;
using Overlay.Net;
using Overlay.Router.Routes;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Testing;

/// <summary>
/// The network most tests use: 10.5.0.0/16, ourselves 10.5.34.0/24, peer 192.168.0.99 with 10.5.99.0/24.
/// </summary>
public static class Overlays
{
    public static readonly Ipv4Address PeerAddress = Address("192.168.0.99");
    public static readonly Ipv4Address OtherPeerAddress = Address("192.168.0.72");
    public static readonly Ipv4Address StrangerAddress = Address("192.168.0.66");

    public static readonly Ipv4Address OurPod = Address("10.5.34.2");
    public static readonly Ipv4Address PeerPod = Address("10.5.99.7");
    public static readonly Ipv4Address OtherPeerPod = Address("10.5.72.9");
    public static readonly Ipv4Address Unleased = Address("10.5.200.1");

    public static RouteTable Table(params Route[] more) => RouteTable.Build(
        new Ipv4Prefix(Address("10.5.0.0"), 16),
        new Ipv4Prefix(Address("10.5.34.0"), 24),
        more.Prepend(new Route(new Ipv4Prefix(Address("10.5.72.0"), 24), OtherPeerAddress))
            .Prepend(new Route(new Ipv4Prefix(Address("10.5.99.0"), 24), PeerAddress)));
}
