using System;
using System.Linq;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Lab;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Backends;

/// <summary>Which addresses of a link stay (flannel pkg/ip, TestEnsureV4AddressOnLink).</summary>
public sealed class VxlanAddressTests
{
    [Fact]
    public void LNK_1_LNK_2_one_address_inside_the_network_is_left_and_those_outside_stay()
    {
        Prerequisites.Require();
        var ip = new IpCommand();
        string name = $"overlay-t{Environment.ProcessId}-lnk";
        ip.Batch(null, [$"netns add {name}"]);
        try
        {
            ip.Batch(name, ["link set lo up"]);
            using RouteNetlink netlink = LabNamespace.Run(name, RouteNetlink.Open);
            int lo = netlink.FindLink("lo")!.Index;
            var wanted = Ipv4Prefix.Parse("127.0.0.2/24");

            Assert.True(VxlanDevice.EnsureAddress(netlink, lo, wanted, wanted));
            Assert.Equal(["127.0.0.2/24"], Addresses());

            ip.Batch(name, ["addr add 127.0.1.1/24 dev lo"]);
            Assert.False(VxlanDevice.EnsureAddress(netlink, lo, wanted, wanted));
            Assert.Equal(["127.0.0.2/24", "127.0.1.1/24"], Addresses());

            string[] Addresses() =>
                [.. netlink.GetAddresses().Select(address => address.Local.ToString()).Order(StringComparer.Ordinal)];
        }
        finally
        {
            ip.Batch(null, [$"netns delete {name}"]);
        }
    }
}
