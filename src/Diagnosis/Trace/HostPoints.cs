using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>An interface where packets are looked at.</summary>
/// <param name="Point">What it is on the way.</param>
/// <param name="Place">The namespace that it is in.</param>
/// <param name="Index">Its index there.</param>
internal sealed record PointInterface(TracePoint Point, NetworkNamespace Place, int Index);

/// <summary>The interfaces of a host that a packet between a pod of it and another host passes.</summary>
internal static class HostPoints
{
    private const int MostUnderlays = 16;

    /// <summary>Finds them.</summary>
    /// <param name="host">The host.</param>
    /// <param name="name">How people know it.</param>
    /// <param name="isOwn">Whether it is this host.</param>
    /// <param name="pod">Its pod; null where there is none, or none that can be seen.</param>
    /// <param name="local">The overlay's address on this host: where a bridge leads to it, that is a stop without the
    /// pod, too; null where the kernel chooses it.</param>
    /// <param name="far">The overlay's address on the other host; null where it is not known.</param>
    /// <param name="otherHost">The underlay's address of that; null where nobody tells.</param>
    /// <param name="tunnel">The interface that the daemon names; null for none.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static IReadOnlyList<PointInterface> Of(
        HostView host, string name, bool isOwn, Pod? pod, Ipv4Address? local, Ipv4Address? far, Ipv4Address? otherHost,
        string? tunnel)
    {
        List<PointInterface> found = [];
        if (pod is not null)
        {
            Add(StopKind.Pod, pod.Inside, pod.Place);
            Add(StopKind.Veth, pod.Veth, host.Place);
        }

        Link? bridge = pod?.Bridge
            ?? (local is { } address && host.RouteTo(address) is { } inwards
                && host.Find(inwards.InterfaceIndex) is { Kind: "bridge" } routed ? routed : null);
        if (bridge is not null)
        {
            Add(StopKind.Bridge, bridge, host.Place);
        }

        Link? way = far is { } outwards ? host.RouteTo(outwards) is { } to ? host.Find(to.InterfaceIndex) : null : null;
        foreach (Link link in host.Links.Where(link => link is { IsUp: true, Kind: "tun" or "vxlan" }
            && (link.Index == way?.Index || link.Name == tunnel
                || link.Name.StartsWith("flannel", StringComparison.Ordinal))))
        {
            Add(StopKind.Tunnel, link, host.Place);
        }

        foreach (Link link in Underlays(host, otherHost, way))
        {
            Add(StopKind.Underlay, link, host.Place);
        }

        return found;

        void Add(StopKind kind, Link link, NetworkNamespace place) => found.Add(new PointInterface(
            new TracePoint(
                name, isOwn, kind, link.Name, link.Mac is null ? LinkType.Raw : LinkType.Ethernet),
            place, link.Index));
    }

    // Where the other host is not known, every interface that may lead to it.
    private static IEnumerable<Link> Underlays(HostView host, Ipv4Address? otherHost, Link? way)
    {
        if (otherHost is { } address)
        {
            return host.RouteTo(address) is { } route && host.Find(route.InterfaceIndex) is { } link ? [link] : [];
        }

        return way is { Kind: not ("tun" or "vxlan") }
            ? [way]
            : host.Links.Where(link => link is { IsUp: true, Mac: not null, MasterIndex: null }
                && link.Kind is not ("tun" or "vxlan" or "bridge" or "dummy")
                && (link.Flags & LinkFlags.Loopback) == 0
                && host.Pods.All(pod => pod.Veth.Index != link.Index)).Take(MostUnderlays);
    }
}
