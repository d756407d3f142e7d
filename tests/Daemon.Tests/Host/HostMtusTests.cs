using Overlay.Daemon.Host;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Host;

public sealed class HostMtusTests
{
    private static readonly Ipv4Prefix s_own = new(Address("10.5.34.0"), 24);

    private static readonly Link[] s_links =
    [
        Link(1, "eth0", 1500, null), Link(2, "flannel0", 1472, "tun"), Link(3, "docker0", 1400, "bridge"),
        Link(4, "cni0", 1450, "bridge"),
    ];

    [Fact]
    public void The_bridge_is_the_one_that_has_an_address_of_the_own_subnet() => Assert.Equal(
        (1500, 1450),
        HostMtus.Find(
            s_links,
            [Of(1, "172.16.0.1"), Of(2, "10.5.34.0"), Of(3, "172.17.0.1"), Of(4, "10.5.34.1")],
            "eth0", "flannel0", s_own));

    [Fact]
    public void What_is_not_there_is_unknown() => Assert.Equal(
        (null, null), HostMtus.Find(s_links, [Of(2, "10.5.34.0"), Of(3, "172.17.0.1")], "eth1", "flannel0", s_own));

    private static Link Link(int index, string name, int mtu, string? kind) =>
        new(index, name, mtu, 1000, LinkFlags.Up, kind);

    private static InterfaceAddress Of(int index, string address) =>
        new(index, new Ipv4Prefix(Address(address), 24), AddressScope.Universe, AddressFlags.None);
}
