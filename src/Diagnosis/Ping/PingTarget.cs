using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Ping;

/// <summary>Whom a ping is for.</summary>
/// <param name="Host">The underlay address of the host asked; null when no lease tells.</param>
/// <param name="Subnet">That host's; null when nobody tells.</param>
/// <param name="Pod">A pod of that host; null when none is named.</param>
internal sealed record PingTarget(Ipv4Address? Host, Ipv4Prefix? Subnet, Ipv4Address? Pod)
{
    /// <summary>What the leases say of it; null where no daemon of ours tells of leases.</summary>
    internal LadderStep? Lease { get; private init; }

    /// <summary>The first address of the subnet, which flannel gives to the tunnel's interface.</summary>
    internal Ipv4Address? Tunnel => Subnet?.First;

    /// <summary>Finds the host.</summary>
    /// <param name="address">A peer's public IP, or an address of its subnet.</param>
    /// <param name="via">The host's public IP, from the command line; null when it is to be found.</param>
    /// <param name="daemon">What the daemon of this host says; null when none answers.</param>
    /// <exception cref="OperatorException">It is this host itself.</exception>
    internal static PingTarget Of(Ipv4Address address, Ipv4Address? via, StatusReport? daemon)
    {
        if (daemon is null)
        {
            return new PingTarget(via ?? address, Subnet: null, via is null ? null : address);
        }

        if (daemon.Lease.PublicIp == $"{address}" || Ipv4Prefix.Parse(daemon.Lease.Subnet).Contains(address))
        {
            throw new OperatorException(
                $"{address} is this host's own: its public IP is {daemon.Lease.PublicIp}, its subnet "
                    + $"{daemon.Lease.Subnet}; give a peer's address, or a pod's of another host");
        }

        IEnumerable<(PeerStatus Peer, Ipv4Prefix Subnet)> subnets = daemon.Peers.SelectMany(
            peer => peer.Subnets.Select(subnet => (peer, Ipv4Prefix.Parse(subnet))));
        (PeerStatus Peer, Ipv4Prefix Subnet)[] found =
        [
            .. subnets.Where(each => each.Peer.PublicIp == $"{via ?? address}" || each.Subnet.Contains(address)),
        ];
        if (found is [var (peer, subnet), ..])
        {
            Ipv4Address? pod = subnet.Contains(address) && address != subnet.First ? address : null;
            bool isUsed = peer.State is not ("left-out" or "no-route");
            return new PingTarget(Ipv4Address.Parse(peer.PublicIp), subnet, pod)
            {
                Lease = new LadderStep(
                    Layer.Lease, $"{address}", $"{subnet} of {peer.PublicIp}",
                    isUsed ? StepResult.Ok : StepResult.Failed,
                    isUsed ? peer.State : peer.Cause ?? peer.State),
            };
        }

        bool isInside = Ipv4Prefix.Parse(daemon.Lease.Network).Contains(address);
        return new PingTarget(via ?? (isInside ? null : address), Subnet: null, isInside ? address : null)
        {
            Lease = new LadderStep(
                Layer.Lease, $"{address}", isInside ? "no lease covers it" : "no peer's lease names it",
                StepResult.Failed, $"{daemon.Peers.Count} peers are known from {daemon.Lease.Store}"),
        };
    }
}
