using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Daemon.Backends.HostGw;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Cleanup;

/// <summary>Devices and routes of the backends.</summary>
internal static partial class LeftoverLinks
{
    private const string Bridge = "cni0";
    private const byte Boot = 3; // RTPROT_BOOT, as stock's routes have it

    /// <summary>
    /// Routes to peers by their hosts, as host-gw makes them, and the blackhole route of this host's subnet; those into
    /// a device go with it.
    /// </summary>
    /// <param name="netlink">Of this host; it is borrowed until the items are removed.</param>
    /// <param name="network">The overlay's, from the subnet file; null when it is not known.</param>
    internal static IEnumerable<CleanupItem> FindRoutes(RouteNetlink netlink, Ipv4Prefix? network) =>
        netlink.GetRoutes()
            .Where(route =>
                (route.IsBlackhole || route is { Gateway: not null, InterfaceIndex: not null, IsOnLink: false })
                && (route.Protocol == GatewayRoutes.Mark
                    || (route.Protocol == Boot && network is { } known && known.Contains(route.Destination)
                        && route.Destination.Length > known.Length)))
            .Select(route => new CleanupItem("route", route.ToString(), () => _ = netlink.RemoveRoute(route)));

    /// <summary>
    /// Devices of all of flannel's backends by their names and kinds, tunnels that outlived their owner, and, when
    /// asked for, the pods' bridge.
    /// </summary>
    /// <param name="netlink">Of this host; it is borrowed until the items are removed.</param>
    /// <param name="withBridge">Whether cni0 goes too, and with it the connection of pods that still run.</param>
    internal static IEnumerable<CleanupItem> FindDevices(RouteNetlink netlink, bool withBridge) =>
        netlink.GetLinks()
            .Where(link => IsFlannels(link.Kind, link.Name)
                || (link.Kind == "tun" && TunnelName().IsMatch(link.Name) && !IsHeld(link))
                || (withBridge && link.Kind == "bridge" && link.Name == Bridge))
            .Select(link => new CleanupItem(
                "device", $"{link.Name} ({link.Kind})", () => _ = netlink.DeleteLink(link.Index)));

    /// <summary>Whether a device is one that the kernel forwards by, of flannel's vxlan, ipip or wireguard.</summary>
    internal static bool IsFlannels(string? kind, string name) => (kind, name) switch
    {
        ("vxlan", _) => VxlanName().IsMatch(name),
        ("ipip", "flannel.ipip") => true,
        ("wireguard", "flannel-wg" or "flannel-wg-v6") => true,
        _ => false,
    };

    // A TUN has a carrier while a process has it open (drivers/net/tun.c).
    private static bool IsHeld(Link link) => (link.Flags & LinkFlags.Running) != 0;

    [GeneratedRegex(@"^flannel(-v6)?\.\d+$")]
    private static partial Regex VxlanName();

    [GeneratedRegex(@"^flannel\d+$")]
    private static partial Regex TunnelName();
}
