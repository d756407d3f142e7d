using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Lease;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Fallback;

public sealed class FallbackLeaseDataTests
{
    private static readonly BackendLeaseData s_vxlan =
        new VtepLeaseData(1, MacAddress.Parse("02:00:00:00:00:09")).ToLeaseData();

    [Fact]
    public void The_lease_stays_one_of_vxlan_with_a_key_more_that_the_vxlan_backend_does_not_look_at()
    {
        BackendLeaseData both = FallbackLeaseData.With(s_vxlan, 8285);

        Assert.Equal(
            """{"VNI":1,"VtepMAC":"02:00:00:00:00:09","Fallback":{"Type":"udp","Port":8285}}""", both.Data);
        Assert.Equal("vxlan", both.Type);
        Assert.Equal(VtepLeaseData.Read(s_vxlan, out _), VtepLeaseData.Read(both, out string? fault));
        Assert.Null(fault);
        Assert.Equal((ushort)8285, FallbackLeaseData.PortOf(both));
        Assert.Null(FallbackLeaseData.PortOf(s_vxlan));
    }

    [Theory]
    [InlineData("""{"fallback":{"TYPE":"udp","port":7,"More":1}}""", 7)]
    [InlineData("""{"Fallback":{"Type":"udp","Port":0}}""", null)]
    [InlineData("""{"Fallback":{"Type":"udp","Port":65536}}""", null)]
    [InlineData("""{"Fallback":{"Type":"udp","Port":"8285"}}""", null)]
    [InlineData("""{"Fallback":{"Type":"wireguard","Port":8285}}""", null)]
    [InlineData("""{"Fallback":{"Port":8285}}""", null)]
    [InlineData("""{"Fallback":"udp"}""", null)]
    [InlineData("""{"Fallback":null}""", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    public void Whatever_does_not_name_udp_and_a_port_is_no_fallback(string data, int? port) =>
        Assert.Equal((ushort?)port, FallbackLeaseData.PortOf(new BackendLeaseData("vxlan", data)));

    [Fact]
    public void One_lease_with_the_key_says_it_of_its_host_and_hosts_with_another_port_are_named()
    {
        IReadOnlySet<Ipv4Address> hosts = FallbackLeaseData.HostsOf(
            [
                Lease("10.244.3.0/24", "172.16.0.3", FallbackLeaseData.With(s_vxlan, 8285)),
                Lease("10.244.4.0/24", "172.16.0.3", s_vxlan),
                Lease("10.244.5.0/24", "172.16.0.5", FallbackLeaseData.With(s_vxlan, 7890)),
                Lease("10.244.6.0/24", "172.16.0.6", s_vxlan),
            ],
            8285, out IReadOnlyList<string> otherPorts);

        Assert.Equal("172.16.0.3", Assert.Single(hosts).ToString());
        Assert.Equal(["172.16.0.5 (port 7890)"], otherPorts.AsEnumerable());
    }

    private static SubnetLease Lease(string subnet, string publicIp, BackendLeaseData backend) => new(
        Ipv4Prefix.Parse(subnet),
        new LeaseAttributes(Ipv4Address.Parse(publicIp)) { Backend = backend },
        DateTimeOffset.MaxValue);
}
