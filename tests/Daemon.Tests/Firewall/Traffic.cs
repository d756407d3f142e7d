using Overlay.Firewall;
using Overlay.Net;

namespace Overlay.Daemon.Tests.Firewall;

/// <summary>The traffic that these tests are about.</summary>
internal static class Traffic
{
    /// <summary>Flannel's end-to-end test has these addresses.</summary>
    internal static OverlayTraffic Both { get; } = Of("10.42.0.0/16", "10.42.1.0/24");

    internal static OverlayTraffic Of(string network, string subnet) => new(
        Ipv4Prefix.Parse(network), Ipv4Prefix.Parse(subnet), Former: null, Masquerade: true, Forward: true,
        RandomFully: true, ["flannel0"]);

    /// <summary>What iptables-save prints once iptables-restore has done this, where nothing was before.</summary>
    internal static IptablesListing After(IptablesPlan plan) => IptablesListing.Parse(
        plan.Payload
            .Replace("*filter\n", "*filter\n:FORWARD ACCEPT [0:0]\n")
            .Replace("*nat\n", "*nat\n:POSTROUTING ACCEPT [0:0]\n"));
}
