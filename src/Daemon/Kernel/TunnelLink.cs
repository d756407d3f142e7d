using System;
using System.Linq;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Daemon.Kernel;

/// <summary>Gives the TUN interface its address, its MTU and the route of the whole network.</summary>
internal static class TunnelLink
{
    /// <summary>The interface's name. Stock flannel asks for flannel%d and so may end up with flannel1 beside a stale route.</summary>
    internal const string Name = "flannel0";

    // In packets. The kernel drops at the end of this queue while the daemon is busy; its default for a TUN is 500.
    private const int TransmitQueueLength = 1000;

    /// <summary>Configures and brings up the interface.</summary>
    /// <param name="netlink">A socket in the interface's namespace.</param>
    /// <param name="network">The whole overlay network: the route.</param>
    /// <param name="subnet">This host's subnet: its network address is the interface's, as a /32.</param>
    /// <param name="mtu">In bytes.</param>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">The network's route exists and leads elsewhere.</exception>
    internal static void Configure(RouteNetlink netlink, Ipv4Prefix network, Ipv4Prefix subnet, int mtu)
    {
        Link link = netlink.FindLink(Name)
            ?? throw new OperatorException($"interface {Name} vanished while it was being configured; start again");
        netlink.AddAddress(link.Index, subnet.Address, 32);
        netlink.ConfigureLink(link.Index, new LinkSettings
        {
            Mtu = mtu,
            TransmitQueueLength = TransmitQueueLength,
            NoIpv6LinkLocalAddress = true, // its router solicitations would be the first packets to drop
            Up = true,
        });
        try
        {
            netlink.AddRoute(network.Address, network.Length, link.Index);
        }
        catch (LinuxException refused) when (refused.Errno == Errno.EEXIST)
        {
            throw RouteInTheWay(netlink, network, refused);
        }
    }

    private static OperatorException RouteInTheWay(RouteNetlink netlink, Ipv4Prefix network, Exception cause)
    {
        Ipv4Route? other = netlink.GetRoutes()
            .FirstOrDefault(route => route.Destination == network.Address && route.PrefixLength == network.Length);
        string device = other?.InterfaceIndex is int index ? netlink.FindLink(index)?.Name ?? $"interface {index}" : "no single interface (ip route says what it is)";
        return new OperatorException(
            $"a route to {network} exists already and leads to {device}; remove it (ip route del {network}) or choose another Network", cause);
    }
}
