using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Diagnosis.Ping;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>What is known before anything is sent.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Daemon">What this host's daemon says of itself; null where none of ours runs.</param>
/// <param name="Source">Where the ping is sent from.</param>
/// <param name="OwnAddress">This host's underlay address; null where nobody tells.</param>
/// <param name="OtherHost">The other host's; null where nobody tells.</param>
/// <param name="Port">The overlay's UDP port.</param>
/// <param name="VxlanPort">VXLAN's; null where this host has no device of it.</param>
/// <param name="OwnPoints">This host's interfaces that the ping passes.</param>
/// <param name="Notes">What is to be known of this plan. Not masked.</param>
internal sealed record TracePlan(
    TraceRequest Request, StatusReport? Daemon, TraceSource Source, Ipv4Address? OwnAddress, Ipv4Address? OtherHost,
    ushort Port, ushort? VxlanPort, IReadOnlyList<PointInterface> OwnPoints, IReadOnlyList<string> Notes)
{
    /// <summary>How people know this host.</summary>
    internal string OwnName => NameOf(OwnAddress);

    /// <summary>Makes it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="daemon">What this host's daemon says of itself; null where none of ours runs.</param>
    /// <param name="machine">The namespaces of this machine.</param>
    /// <exception cref="OperatorException">There is no way to trace, or it begins and ends on this host.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static TracePlan Of(TraceRequest request, StatusReport? daemon, MachineView machine)
    {
        HostView host = machine.OwnHost();
        Ipv4Address destination = request.Destination;
        if (host.Has(destination))
        {
            throw new OperatorException(
                $"{destination} is an address of this host or of a pod on it: no packet for it leaves the host; give "
                    + "the address of another host's pod");
        }

        PingTarget? target = daemon is null ? null : PingTarget.Of(destination, request.Via, daemon);
        CheckNetwork(request, daemon, target);
        Ipv4Prefix? subnet = daemon is null
            ? SubnetEnvFile.ReadPreviousSubnet(request.SubnetFile)
            : Ipv4Prefix.Parse(daemon.Lease.Subnet);
        var source = TraceSource.Find(request.From, host, machine.Own, subnet?.Masked());
        RoutedTo route = host.RouteTo(destination) ?? throw new OperatorException(
            $"this host has no route to {destination}: the overlay's interface is not there, or is down; see: overlay "
                + "doctor");
        bool isByTunnel = host.Find(route.InterfaceIndex) is { Kind: "tun" or "vxlan" };
        Ipv4Address? other = request.Via ?? target?.Host ?? (isByTunnel ? null : route.Gateway);
        (Ipv4Address? own, ushort? port) = daemon is null ? (null, null) : EndpointText.Read(daemon.Endpoint);
        own ??= other is { } far ? host.RouteTo(far)?.Source : null;
        IReadOnlyList<PointInterface> points = HostPoints.Of(
            host, NameOf(own), isOwn: true, source.Pod, source.Address, destination, other, daemon?.Interface);
        List<string> notes = [.. source.Note is { } note ? (string[])[note] : []];
        if (daemon is null)
        {
            notes.Add(
                $"no daemon of ours answers at {ControlProtocol.PathIn(request.RunDirectory)}: it has no stop here");
        }

        if (points.All(point => point.Point.Kind != StopKind.Tunnel) && isByTunnel is false
            && daemon is { Backend: not "host-gw" })
        {
            notes.Add($"the way to {destination} leads into no tunnel: it leaves by {host.Find(
                route.InterfaceIndex)?.Name}");
        }

        bool isUdp = daemon is null || daemon.Backend == "udp";
        return new TracePlan(
            request, daemon, source, own, other, isUdp && port is { } known ? known : PacketDecoder.DefaultPort,
            host.Links.Select(link => link.Vxlan?.Port).FirstOrDefault(number => number is not null), points, notes);
    }

    /// <summary>Whether packets for a peer pass the daemon in user space.</summary>
    /// <param name="daemon">What it says of itself.</param>
    /// <param name="way">That it names for the peer (<see cref="PeerStatus.Way"/>); null where it knows none, and
    /// drops what comes.</param>
    internal static bool IsByUserSpace(StatusReport daemon, string? way) =>
        way is "user" or "udp" || (way is null or "none" && daemon.Backend == "udp");

    private static string NameOf(Ipv4Address? own) => own?.ToString() ?? TraceText.OwnHost;

    private static void CheckNetwork(TraceRequest request, StatusReport? daemon, PingTarget? target)
    {
        Ipv4Address destination = request.Destination;
        IReadOnlyList<Ipv4Prefix> networks = daemon is null
            ? SubnetEnvFile.ReadPrefixes(request.SubnetFile, "FLANNEL_NETWORK")
            : [Ipv4Prefix.Parse(daemon.Lease.Network)];
        if (networks.Count > 0 && !networks.Any(network => network.Contains(destination)))
        {
            throw new OperatorException(target is { Subnet: not null } && target.Host == destination
                ? $"{destination} is the underlay address of a host, which packets reach without the overlay; give the "
                    + $"address of a pod there, or of its tunnel: {target.Tunnel}"
                : $"{destination} is not in the overlay's network {string.Join(", ", networks)}; give the address of a "
                    + "pod or of a tunnel there");
        }
    }
}
