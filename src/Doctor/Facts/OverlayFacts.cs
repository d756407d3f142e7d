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
/// <param name="PublicIp">Where peers send to; null when nothing says.</param>
/// <param name="Port">The UDP port that peers send to; null for a backend without.</param>
internal sealed record OverlayFacts(
    Ipv4Prefix? Network, Ipv4Prefix? Subnet, int? Mtu, string? Tunnel, Ipv4Address? PublicIp, int? Port)
{
    private static readonly string[] s_bridges = ["cni0", "docker0"];

    /// <summary>The tunnel's interface and the bridges that pods are usually on, there or not.</summary>
    internal IReadOnlyList<string> Interfaces => Tunnel is { } tunnel ? [tunnel, .. s_bridges] : s_bridges;

    /// <summary>Puts together what is known.</summary>
    /// <param name="daemon">What ours says; null when none answers.</param>
    /// <param name="subnetFile">The text of subnet.env; null when there is none.</param>
    /// <param name="network">Of the host.</param>
    internal static OverlayFacts Of(StatusReport? daemon, SubnetFileFacts? subnetFile, NetworkFacts network)
    {
        string? tunnel = daemon?.Interface
            ?? ((string[])["flannel0", "flannel.1"]).FirstOrDefault(name => network.Find(name) is not null);
        (Ipv4Address? publicIp, ushort? port) = daemon is null ? (null, null) : EndpointText.Read(daemon.Endpoint);
        return new OverlayFacts(
            Parse(daemon?.Lease.Network) ?? subnetFile?.Network,
            Parse(daemon?.Lease.Subnet) ?? subnetFile?.Subnet,
            daemon?.Mtu ?? subnetFile?.Mtu,
            tunnel,
            publicIp,
            port ?? (tunnel == "flannel.1" ? 8472 : tunnel is null ? null : 8285));
    }

    private static Ipv4Prefix? Parse(string? text) =>
        text is not null && Ipv4Prefix.TryParse(text, out Ipv4Prefix prefix) ? prefix : null;
}
