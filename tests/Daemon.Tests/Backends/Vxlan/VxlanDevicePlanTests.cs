using Overlay.Daemon.Backends.Vxlan;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

public sealed class VxlanDevicePlanTests
{
    private static readonly VxlanSettings s_wanted = new(1)
    {
        ParentIndex = 2,
        Local = Ipv4Address.Parse("172.16.0.1"),
        Port = 8472,
    };

    [Fact]
    public void An_equal_device_can_be_used_and_so_can_one_that_leaves_parent_address_or_group_open()
    {
        Assert.Null(Difference(s_wanted));
        Assert.Null(Difference(s_wanted with { ParentIndex = null, Local = null }));
        Assert.Null(Difference(s_wanted with { Group = Ipv4Address.Parse("239.0.0.1") }));
    }

    [Fact]
    public void Any_other_difference_is_named()
    {
        Assert.Equal("VNI 2 instead of 1", Difference(s_wanted with { Vni = 2 }));
        Assert.Equal("parent interface 3 instead of 2", Difference(s_wanted with { ParentIndex = 3 }));
        Assert.Equal(
            "local address 172.16.0.2 instead of 172.16.0.1",
            Difference(s_wanted with { Local = Ipv4Address.Parse("172.16.0.2") }));
        Assert.Equal("UDP port 4789 instead of 8472", Difference(s_wanted with { Port = 4789 }));
        Assert.Equal("GBP True instead of False", Difference(s_wanted with { HasGroupPolicy = true }));
        Assert.Equal("l2miss True instead of False", Difference(s_wanted with { ReportsMisses = true }));
        Assert.Equal("learning True instead of False", Difference(s_wanted with { IsLearning = true }));
    }

    [Fact]
    public void What_has_the_name_and_is_not_vxlan_is_refused_with_the_remedy() => Assert.Equal(
        "interface flannel.1 exists already and is a bridge, not vxlan; remove it (ip link del flannel.1) or set "
            + "another VNI in the network config's Backend",
        Refusal(new Link(9, "flannel.1", 1500, 1000, LinkFlags.Up, "bridge")));

    [Fact]
    public void Another_device_with_the_same_VNI_and_port_is_refused_with_the_remedy()
    {
        Assert.Equal(
            "vxlan interface vx has VNI 1 on UDP port 8472 already; remove it (ip link del vx) or set another VNI or "
                + "Port in the network config's Backend",
            Refusal(Device("vx", s_wanted)));
        VxlanDevicePlan.Check("flannel.1", s_wanted, [Device("vx", s_wanted with { Port = 4789 })]);
        VxlanDevicePlan.Check("flannel.1", s_wanted, [Device("vx", s_wanted with { Vni = 2 })]);
        VxlanDevicePlan.Check("flannel.1", s_wanted, [Device("flannel.1", s_wanted)]);
    }

    private static string? Difference(VxlanSettings found) =>
        VxlanDevicePlan.DifferenceOf(s_wanted, Device("flannel.1", found));

    private static string Refusal(Link link) => Assert.Throws<OperatorException>(
        () => VxlanDevicePlan.Check("flannel.1", s_wanted, [link])).Message;

    private static Link Device(string name, VxlanSettings settings) =>
        new(9, name, 1450, 1000, LinkFlags.Up, "vxlan") { Vxlan = settings };
}
