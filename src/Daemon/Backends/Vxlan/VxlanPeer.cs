using System.Collections.Generic;
using System.Linq;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>One lease of a host that can be sent to.</summary>
/// <param name="Subnet">Without host bits.</param>
/// <param name="PublicIp">Where its datagrams go.</param>
/// <param name="Mac">Of its vxlan device.</param>
internal sealed record VxlanPeer(Ipv4Prefix Subnet, Ipv4Address PublicIp, MacAddress Mac)
{
    /// <summary>Tells the leases that can be used from those that cannot. Pure.</summary>
    /// <param name="leases">The other hosts', of this backend.</param>
    /// <param name="own">What this host publishes.</param>
    /// <param name="link">The underlay's: the address of this host on it, and the length of its subnet.</param>
    /// <param name="faults">One line for each lease that cannot be used.</param>
    /// <returns>By ascending subnet.</returns>
    internal static IReadOnlyList<VxlanPeer> Of(
        IEnumerable<SubnetLease> leases, VtepLeaseData own, Ipv4Prefix link, out IReadOnlyList<string> faults)
    {
        List<VxlanPeer> peers = [];
        List<string> found = [];
        Dictionary<MacAddress, VxlanPeer> owners = [];
        foreach (SubnetLease lease in leases.OrderBy(lease => lease.Subnet.Address))
        {
            var data = VtepLeaseData.Read(lease.Attributes.Backend, out string? fault);
            if (data is not null)
            {
                var peer = new VxlanPeer(lease.Subnet, lease.PublicIp, data.Mac);
                fault = FaultOf(peer, data, own, link, owners);
                if (fault is null)
                {
                    peers.Add(peer);
                    owners.TryAdd(peer.Mac, peer);
                }
            }

            if (fault is not null)
            {
                found.Add($"{lease.Subnet} of {lease.PublicIp} {fault}");
            }
        }

        faults = found;
        return peers;
    }

    // A forwarding entry leads to one host, so of two hosts with one MAC only one can be reached. And a route to the
    // underlay's own subnet, or a part of it, would take the datagrams to the peers there into the device.
    private static string? FaultOf(
        VxlanPeer peer, VtepLeaseData data, VtepLeaseData own, Ipv4Prefix link,
        Dictionary<MacAddress, VxlanPeer> owners) => peer switch
    {
        _ when link.Contains(peer.Subnet) =>
            $"lies on the link {link.Masked()} of the hosts, whose addresses it would take; choose another Network, or "
                + "another SubnetMin and SubnetMax",
        _ when data.Vni != own.Vni => $"has VNI {data.Vni}, and this network VNI {own.Vni}",
        _ when peer.Mac == own.Mac => $"has the VtepMAC {peer.Mac} of this host; delete the device of one of the two",
        _ when owners.TryGetValue(peer.Mac, out VxlanPeer? other) && other.PublicIp != peer.PublicIp =>
            $"has the VtepMAC {peer.Mac} of {other.PublicIp}; delete the device of one of the two",
        _ => null,
    };
}
