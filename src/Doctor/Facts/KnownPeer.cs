using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>Another host of the overlay, by the lease store, else by our daemon.</summary>
/// <param name="Subnet">Its lease's.</param>
/// <param name="PublicIp">Where packets for it are sent.</param>
internal sealed record KnownPeer(Ipv4Prefix Subnet, Ipv4Address PublicIp)
{
    /// <summary>All that are known; leases that have ended or do not parse are left out.</summary>
    internal static IReadOnlyList<KnownPeer> Of(HostFacts host) => host.Store is { Problem: null } store
        ?
        [
            .. from entry in store.Entries
               where entry is { Key: not null, Attributes: not null, Fault: null }
                   && (entry.Expires is not { } end || end > host.Now)
               where entry.Key!.Value.Subnet != host.Overlay.Subnet
                   && entry.Attributes!.PublicIp != host.Overlay.PublicIp
               select new KnownPeer(entry.Key!.Value.Subnet, entry.Attributes!.PublicIp),
        ]
        :
        [
            .. from peer in host.Daemon?.Peers ?? []
               where Ipv4Address.TryParse(peer.PublicIp, out _)
               from subnet in peer.Subnets
               where Ipv4Prefix.TryParse(subnet, out _)
               select new KnownPeer(Ipv4Prefix.Parse(subnet), Ipv4Address.Parse(peer.PublicIp)),
        ];
}
