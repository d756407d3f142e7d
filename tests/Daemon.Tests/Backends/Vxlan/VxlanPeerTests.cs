using System;
using System.Collections.Generic;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Lease;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

public sealed class VxlanPeerTests
{
    private static readonly VtepLeaseData s_own = new(1, MacAddress.Parse("02:00:00:00:00:01"));

    [Fact]
    public void Leases_that_can_be_used_are_peers_and_each_of_the_others_is_a_line()
    {
        IReadOnlyList<VxlanPeer> peers = VxlanPeer.Of(
            [
                Lease("10.244.9.0/24", "172.16.0.9", """{"VNI":2,"VtepMAC":"02:00:00:00:00:09"}"""),
                Lease("10.244.3.0/24", "172.16.0.3", """{"VNI":1,"VtepMAC":"02:00:00:00:00:03"}"""),
                Lease("10.244.4.0/24", "172.16.0.3", """{"VNI":1,"VtepMAC":"02:00:00:00:00:03"}"""),
                Lease("10.244.5.0/24", "172.16.0.5", """{"VNI":1,"VtepMAC":"02:00:00:00:00:03"}"""),
                Lease("10.244.6.0/24", "172.16.0.6", """{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}"""),
                Lease("10.244.7.0/24", "172.16.0.7", """{"VNI":1}"""),
                Lease("172.16.0.0/24", "172.16.0.8", """{"VNI":1,"VtepMAC":"02:00:00:00:00:08"}"""),
            ],
            s_own, Ipv4Prefix.Parse("172.16.0.1/24"), out IReadOnlyList<string> faults);

        Assert.Equal(
            [
                new VxlanPeer(
                    Ipv4Prefix.Parse("10.244.3.0/24"), Ipv4Address.Parse("172.16.0.3"),
                    MacAddress.Parse("02:00:00:00:00:03")),
                new VxlanPeer(
                    Ipv4Prefix.Parse("10.244.4.0/24"), Ipv4Address.Parse("172.16.0.3"),
                    MacAddress.Parse("02:00:00:00:00:03")),
            ],
            peers);
        Assert.Equal(
            [
                "10.244.5.0/24 of 172.16.0.5 has the VtepMAC 02:00:00:00:00:03 of 172.16.0.3; delete the device of one "
                    + "of the two",
                "10.244.6.0/24 of 172.16.0.6 has the VtepMAC 02:00:00:00:00:01 of this host; delete the device of one "
                    + "of the two",
                "10.244.7.0/24 of 172.16.0.7 has no VtepMAC",
                "10.244.9.0/24 of 172.16.0.9 has VNI 2, and this network VNI 1",
                "172.16.0.0/24 of 172.16.0.8 lies on the link 172.16.0.0/24 of the hosts, whose addresses it would "
                    + "take; choose another Network, or another SubnetMin and SubnetMax",
            ],
            faults);
    }

    private static SubnetLease Lease(string subnet, string publicIp, string data) => new(
        Ipv4Prefix.Parse(subnet),
        new LeaseAttributes(Ipv4Address.Parse(publicIp)) { Backend = new BackendLeaseData("vxlan", data) },
        DateTimeOffset.MaxValue);
}
