using System.Linq;
using Overlay.Router.Routes;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Testing;

/// <summary>
/// The network most tests use: 10.5.0.0/16, ourselves 10.5.34.0/24, peer 192.168.0.99 with 10.5.99.0/24.
/// </summary>
public static class Overlays
{
    public static readonly uint PeerAddress = Address("192.168.0.99");
    public static readonly uint OtherPeerAddress = Address("192.168.0.72");
    public static readonly uint StrangerAddress = Address("192.168.0.66");

    public static readonly uint OurPod = Address("10.5.34.2");
    public static readonly uint PeerPod = Address("10.5.99.7");
    public static readonly uint OtherPeerPod = Address("10.5.72.9");
    public static readonly uint Unleased = Address("10.5.200.1");

    public static RouteTable Table(params Route[] more) => RouteTable.Build(
        new Prefix(Address("10.5.0.0"), 16),
        new Prefix(Address("10.5.34.0"), 24),
        more.Prepend(new Route(new Prefix(Address("10.5.72.0"), 24), OtherPeerAddress))
            .Prepend(new Route(new Prefix(Address("10.5.99.0"), 24), PeerAddress)));
}
