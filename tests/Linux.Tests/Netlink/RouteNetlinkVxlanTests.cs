using System.Linq;
using System.Text.Json;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>Each test in a namespace of its own; what we say is compared with what ip(8) and bridge(8) say.</summary>
public sealed class RouteNetlinkVxlanTests
{
    private static readonly MacAddress s_mac = MacAddress.Parse("02:11:22:33:44:55");
    private static readonly MacAddress s_peer = MacAddress.Parse("02:aa:bb:cc:dd:ee");

    [Fact]
    public void A_vxlan_link_is_made_as_asked_for_and_read_back_the_same()
    {
        using TemporaryNamespace inside = WithParent(out RouteNetlink netlink, out int parent);
        using RouteNetlink _ = netlink;
        var settings = new VxlanSettings(77)
        {
            ParentIndex = parent,
            Local = Ipv4Address.Parse("172.16.0.1"),
            Port = 4789,
            IsLearning = true,
            HasGroupPolicy = true,
            ReportsMisses = true,
            Group = Ipv4Address.Parse("239.1.1.1"),
        };

        netlink.CreateVxlan("flannel.77", s_mac, 1450, settings);

        Link link = netlink.FindLink("flannel.77")!;
        Assert.Equal((s_mac, 1450, "vxlan", settings), (link.Mac, link.Mtu, link.Kind, link.Vxlan));
        JsonElement theirs = Assert.Single(inside.IpJson("link show dev flannel.77"));
        JsonElement data = theirs.GetProperty("linkinfo").GetProperty("info_data");
        Assert.Equal("02:11:22:33:44:55", theirs.GetProperty("address").GetString());
        Assert.Equal(
            "77 172.16.0.1 4789 True True True 239.1.1.1 eth0",
            $"{data.GetProperty("id")} {data.GetProperty("local")} {data.GetProperty("port")} "
                + $"{data.GetProperty("learning")} {data.GetProperty("gbp")} {data.GetProperty("l2miss")} "
                + $"{data.GetProperty("group")} {data.GetProperty("link")}");
    }

    [Fact]
    public void A_vxlan_link_with_nothing_but_a_VNI_does_not_learn_and_takes_the_kernels_port()
    {
        using TemporaryNamespace inside = WithParent(out RouteNetlink netlink, out int _);
        using RouteNetlink netlinkOwner = netlink;

        netlink.CreateVxlan("flannel.1", s_mac, 1450, new VxlanSettings(1));

        Link link = netlink.FindLink("flannel.1")!;
        Assert.Equal(new VxlanSettings(1) { Port = 8472 }, link.Vxlan);
        LinuxException[] thrown =
        [
            Assert.Throws<LinuxException>(() => netlink.CreateVxlan("flannel.1", s_mac, 1450, new VxlanSettings(2))),
            Assert.Throws<LinuxException>(() => netlink.CreateVxlan("other", s_mac, 1450, new VxlanSettings(1))),
        ];
        Assert.All(thrown, problem => Assert.Equal(Errno.EEXIST, problem.Errno));

        netlink.ConfigureLink(link.Index, new LinkSettings { Mac = s_peer, Up = true });

        Assert.Equal(s_peer, netlink.FindLink(link.Index)?.Mac);
        Assert.True(netlink.DeleteLink(link.Index));
        Assert.False(netlink.DeleteLink(link.Index));
        Assert.Null(netlink.FindLink("flannel.1"));
    }

    [Fact]
    public void Neighbours_and_forwarding_entries_are_what_ip_and_bridge_show()
    {
        using TemporaryNamespace inside = WithParent(out RouteNetlink netlink, out int parent);
        using RouteNetlink netlinkOwner = netlink;
        netlink.CreateVxlan("flannel.1", s_mac, 1450, new VxlanSettings(1));
        int index = netlink.FindLink("flannel.1")!.Index;
        netlink.ConfigureLink(index, new LinkSettings { Up = true });
        var neighbour = new Neighbour(index, Ipv4Address.Parse("10.244.3.0"), s_peer);
        var entry = new ForwardingEntry(index, s_peer, Ipv4Address.Parse("172.16.0.9"));

        netlink.SetNeighbour(neighbour with { Mac = s_mac });
        netlink.SetNeighbour(neighbour);
        netlink.SetForwardingEntry(entry with { Destination = Ipv4Address.Parse("172.16.0.8") });
        netlink.SetForwardingEntry(entry);
        inside.Ip("neigh add 10.244.4.0 lladdr 02:00:00:00:00:04 nud reachable dev flannel.1");
        inside.Ip("neigh add 10.244.5.0 lladdr 02:00:00:00:00:05 nud permanent dev eth0");

        Assert.Contains(
            "10.244.3.0 lladdr 02:aa:bb:cc:dd:ee PERMANENT", inside.Ip("neigh show dev flannel.1 nud permanent"));
        Assert.Equal(
            "02:aa:bb:cc:dd:ee dst 172.16.0.9 self permanent",
            Command.Run("bridge", ["-n", inside.Name, "fdb", "show", "dev", "flannel.1"]).Trim());
        Assert.Equal(
            [neighbour, new(index, Ipv4Address.Parse("10.244.4.0"), MacAddress.Parse("02:00:00:00:00:04"), false)],
            netlink.GetNeighbours(index).OrderBy(found => found.Address));
        Assert.Equal([entry], netlink.GetForwardingEntries(index));
        Assert.Single(netlink.GetNeighbours(parent));
        Assert.Empty(netlink.GetForwardingEntries(parent));

        netlink.RemoveForwardingEntry(entry with { Destination = Ipv4Address.Parse("172.16.0.8") });
        Assert.Equal([entry], netlink.GetForwardingEntries(index));
        netlink.RemoveForwardingEntry(entry);
        netlink.RemoveForwardingEntry(entry);
        netlink.RemoveNeighbour(neighbour);
        netlink.RemoveNeighbour(neighbour);
        Assert.Empty(netlink.GetForwardingEntries(index));
        Assert.Single(netlink.GetNeighbours(index));
    }

    [Fact]
    public void A_port_that_another_socket_has_is_EADDRINUSE_when_the_link_comes_up()
    {
        using TemporaryNamespace inside = WithParent(out RouteNetlink netlink, out int _);
        using RouteNetlink netlinkOwner = netlink;
        using UdpSocket taken = inside.Namespace.Run(() => UdpSocket.Bind(default, 8472, bufferBytes: 4096));
        netlink.CreateVxlan("flannel.1", s_mac, 1450, new VxlanSettings(1));

        LinuxException thrown = Assert.Throws<LinuxException>(
            () => netlink.ConfigureLink(netlink.FindLink("flannel.1")!.Index, new LinkSettings { Up = true }));

        Assert.Equal(Errno.EADDRINUSE, thrown.Errno);
    }

    private static TemporaryNamespace WithParent(out RouteNetlink netlink, out int parent)
    {
        var inside = new TemporaryNamespace();
        inside.IpBatch("""
            link add eth0 type veth peer name wire0
            address add 172.16.0.1/24 dev eth0
            link set eth0 up
            link set wire0 up
            """);
        netlink = inside.Namespace.Run(RouteNetlink.Open);
        parent = netlink.FindLink("eth0")!.Index;
        return inside;
    }
}
