using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Firewall;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Firewall;

/// <summary>What this host's overlay sends and gets, as firewall rules are asked about it.</summary>
internal static class FirewallTraffic
{
    private const string UsualTunnel = "flannel0";

    private static readonly Ipv4Prefix s_anywhere = Ipv4Prefix.Parse("0.0.0.0/0");

    /// <summary>Puts it together; null where nothing says what network and subnet this host has.</summary>
    internal static OverlayTraffic? Of(HostFacts host)
    {
        if (host.Overlay is not { Network: { } network, Subnet: { } subnet })
        {
            return null;
        }

        return new OverlayTraffic(
            network.Masked(), subnet.Masked(), Former: null, Masquerade: false, Forward: true, RandomFully: false,
            [TunnelOf(host, network)])
        {
            Datagrams = host.Overlay.Port is { } port ? [DatagramTo(host, (ushort)port)] : [],
        };
    }

    /// <summary>What peers send to a UDP port of this host.</summary>
    internal static ProbePacket DatagramTo(HostFacts host, ushort port) => new(
        UnderlayOf(host), Out: null, s_anywhere,
        host.Overlay.PublicIp is { } address ? new Ipv4Prefix(address, 32) : s_anywhere, port);

    // Of host-gw it is where the peers' routes lead.
    private static string TunnelOf(HostFacts host, Ipv4Prefix network) =>
        host.Overlay.Tunnel
        ?? host.Network.Routes
            .Where(route => route.Gateway is not null && network.Contains(route.Destination))
            .Select(route => route.InterfaceIndex is { } index ? host.Network.NameOf(index) : null)
            .FirstOrDefault(name => name is not null)
        ?? UsualTunnel;

    // Null when it is not known.
    private static string? UnderlayOf(HostFacts host) =>
        host.Network.Addresses.FirstOrDefault(each => each.Local.Address == host.Overlay.PublicIp) is { } found
            ? host.Network.NameOf(found.InterfaceIndex)
            : null;
}
