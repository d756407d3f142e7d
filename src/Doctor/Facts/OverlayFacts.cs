using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>What this host's overlay is meant to be, by our daemon, else by what flannel left on the host.</summary>
/// <param name="Network">The whole overlay; null when nothing says.</param>
/// <param name="Subnet">This host's part; null when nothing says.</param>
/// <param name="Mtu">Of the pods' interfaces, in bytes; null when nothing says.</param>
/// <param name="Tunnel">The interface that pods' packets leave by; null when there is none.</param>
/// <param name="PublicIp">The address of this host that its datagrams come from; null when nothing says.</param>
/// <param name="Port">The UDP port that peers send to; null for a backend without.</param>
internal sealed record OverlayFacts(
    Ipv4Prefix? Network, Ipv4Prefix? Subnet, int? Mtu, string? Tunnel, Ipv4Address? PublicIp, int? Port)
{
    /// <summary>Where this host's lease has peers send to; null when nothing says.</summary>
    internal Ipv4Address? Published { get; init; }

    private static readonly string[] s_bridges = ["cni0", "docker0"];

    /// <summary>The tunnel's interface and the bridges that pods are usually on, there or not.</summary>
    internal IReadOnlyList<string> Interfaces => Tunnel is { } tunnel ? [tunnel, .. s_bridges] : s_bridges;

    /// <summary>Puts together what is known.</summary>
    /// <param name="daemon">What ours says; null when none answers.</param>
    /// <param name="subnetFile">The text of subnet.env; null when there is none.</param>
    /// <param name="store">What the lease store holds; null when nobody has named it.</param>
    /// <param name="network">Of the host.</param>
    internal static OverlayFacts Of(
        StatusReport? daemon, SubnetFileFacts? subnetFile, StoreFacts? store, NetworkFacts network)
    {
        string? tunnel = daemon?.Interface
            ?? ((string[])["flannel0", "flannel.1"]).FirstOrDefault(name => network.Find(name) is not null);
        (Ipv4Address? publicIp, ushort? port) = daemon is null ? (null, null) : EndpointText.Read(daemon.Endpoint);
        Ipv4Prefix? subnet = Parse(daemon?.Lease.Subnet) ?? subnetFile?.Subnet;

        // Where this host does not have it, it is perhaps another's.
        Ipv4Address? published =
            store?.Entries.FirstOrDefault(entry => entry.Key?.Subnet == subnet)?.Attributes?.PublicIp;
        return new OverlayFacts(
            Parse(daemon?.Lease.Network) ?? subnetFile?.Network,
            subnet,
            daemon?.Mtu ?? subnetFile?.Mtu,
            tunnel,
            publicIp ?? (published is { } own && network.HolderOf(own) is not null ? own : null),
            port ?? (tunnel == "flannel.1" ? 8472 : tunnel is null ? null : 8285))
        {
            Published = Ipv4Address.TryParse(daemon?.Lease.PublicIp, out Ipv4Address told) ? told : published,
        };
    }

    private static Ipv4Prefix? Parse(string? text) =>
        text is not null && Ipv4Prefix.TryParse(text, out Ipv4Prefix prefix) ? prefix : null;
}
