using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Doctor.Checks.Firewall;
using Overlay.Doctor.Checks.Leases;
using Overlay.Doctor.Facts;
using Overlay.Firewall;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.WhyNotVxlan;

/// <summary>Looks at everything that VXLAN needs of a host.</summary>
internal static class VxlanSurvey
{
    private const string Vxlan = "vxlan";
    private const ushort DefaultPort = 8472; // the kernel's, and flannel's
    private const int AddedBytes = 50; // RFC 7348, section 5, without the outer Ethernet header

    private static readonly string[] s_features = ["tx-checksum-ip-generic", "tx-udp_tnl-segmentation"];

    /// <summary>Looks.</summary>
    internal static IReadOnlyList<VxlanPoint> Look(HostFacts host)
    {
        ushort port = PortOf(host.Store?.Config) ?? DefaultPort;
        Link? underlay = UnderlayOf(host);
        return
        [
            VxlanTrial.Run(), OfPort(host, port), OfFirewall(host, port), OfMtu(underlay), OfChecksums(host),
            OfOffloads(underlay), OfPeers(host),
        ];
    }

    private static VxlanPoint OfPort(HostFacts host, ushort port)
    {
        if (host.Network.Links.FirstOrDefault(link => link.Vxlan is { } settings && settings.Port == port) is { } own)
        {
            return new VxlanPoint("port", IsGood: true, $"UDP port {port} is that of {own.Name}, which is vxlan");
        }

        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        bool isTaken = (host.Files.Read("proc/net/udp") + host.Files.Read("proc/net/udp6")).Split('\n').Any(
            line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, ..]
                && local.EndsWith(suffix, StringComparison.Ordinal));
        return isTaken
            ? new VxlanPoint(
                "port", IsGood: false,
                $"UDP port {port} is taken by {Holders.OfUdpPort(port) ?? "the kernel, or a program of another user"}",
                "end it, or give all hosts another: \"Backend\":{\"Type\":\"vxlan\",\"Port\":8473}")
            : new VxlanPoint("port", IsGood: true, $"UDP port {port} is free");
    }

    private static VxlanPoint OfFirewall(HostFacts host, ushort port)
    {
        OverlayTraffic traffic = (FirewallTraffic.Of(host) ?? Unknown()) with
        {
            Forward = false, Datagrams = [FirewallTraffic.DatagramTo(host, port)],
        };
        FirewallObstacle? obstacle = host.Firewall.Iptables
            .SelectMany(kind => IptablesObstacles.Find(kind.Listing, traffic, isInUse: false, kind.Tool))
            .Concat(NftObstacles.Find(host.Firewall.NftChains, traffic, host.Firewall.NftTable))
            .FirstOrDefault(each => each.Code == HealthCodes.FirewallInputReject);
        return obstacle is not null ? new VxlanPoint("firewall", IsGood: false, obstacle.Cause, obstacle.Remedy)
            : Environment.IsPrivilegedProcess
                ? new VxlanPoint("firewall", IsGood: true, $"no rule of this host drops UDP port {port}")
            : new VxlanPoint("firewall", IsGood: null, "root alone can list the rules");
    }

    private static VxlanPoint OfMtu(Link? underlay) => underlay is null
        ? new VxlanPoint("mtu", IsGood: null, "nothing says which interface leads to the peers")
        : new VxlanPoint(
            "mtu", IsGood: underlay.Mtu >= 576 + AddedBytes, // RFC 791, section 3.1
            $"{underlay.Name} has MTU {underlay.Mtu}, which leaves pods {underlay.Mtu - AddedBytes}; with udp it is "
                + $"{underlay.Mtu - AddedBytes + 22}",
            underlay.Mtu >= 576 + AddedBytes ? "" : $"ip link set {underlay.Name} mtu 1500");

    private static VxlanPoint OfChecksums(HostFacts host) =>
        host.Counters.Growth("Udp.InCsumErrors") is > 0 and var bad
            ? new VxlanPoint(
                "checksum", IsGood: false, $"{bad} datagrams with wrong checksums have come while this looked",
                "on the host that sends them (dmesg names it): ethtool -K INTERFACE tx-checksum-ip-generic off")
            : new VxlanPoint("checksum", IsGood: true, "no datagram with a wrong checksum comes in now");

    // No state of these keeps VXLAN from working by itself; a card that does them wrong is seen at the receiver.
    private static VxlanPoint OfOffloads(Link? underlay)
    {
        if (underlay is null || HostProgram.Find("ethtool") is not { } ethtool)
        {
            return new VxlanPoint("offload", IsGood: null, "ethtool is not installed, or the interface is not known");
        }

        try
        {
            string[] lines = ethtool.Run("", "-k", underlay.Name).OutputOrThrow().Split('\n');
            string found = string.Join(", ", lines.Select(line => line.Trim()).Where(
                line => s_features.Any(feature => line.StartsWith(feature, StringComparison.Ordinal))));
            return new VxlanPoint("offload", IsGood: null, $"{underlay.Name} has {found}");
        }
        catch (OperatorException problem)
        {
            return new VxlanPoint("offload", IsGood: null, problem.Message);
        }
    }

    private static VxlanPoint OfPeers(HostFacts host)
    {
        if (host.Store is not { Problem: null })
        {
            return new VxlanPoint(
                "peers", IsGood: null,
                "name the lease store to see what the peers have: --lease-store, --etcd-endpoints");
        }

        LeaseEntry[] peers = [.. StoredLeases.OfPeers(host)];
        int others = peers.Count(entry => StoredLeases.BackendOf(entry.Attributes!) != Vxlan);
        return new VxlanPoint(
            "peers", IsGood: others == 0 ? true : null,
            others == 0
                ? $"all {peers.Length} peers have leases for vxlan"
                : $"{others} of {peers.Length} peers have leases for another backend: all hosts change together");
    }

    private static Link? UnderlayOf(HostFacts host)
    {
        int? index = host.Network.Addresses.FirstOrDefault(
                each => each.Local.Address == host.Overlay.PublicIp)?.InterfaceIndex
            ?? host.Paths.Select(path => (int?)path.Link.Index).FirstOrDefault()
            ?? host.Network.Routes.FirstOrDefault(route => route.Destination.Length == 0)?.InterfaceIndex;
        return host.Network.Links.FirstOrDefault(link => link.Index == index);
    }

    // Nothing but the datagrams is asked about.
    private static OverlayTraffic Unknown() => new(
        Ipv4Prefix.Parse("10.244.0.0/16"), Ipv4Prefix.Parse("10.244.0.0/24"), Former: null, Masquerade: false,
        Forward: false, RandomFully: false, []);

    // Null where it is not of vxlan, or has none.
    private static ushort? PortOf(NetworkConfig? config)
    {
        try
        {
            return config is not null && config.Backend.Is(Vxlan)
                ? (ushort?)config.Backend.ReadInteger("Port", 1, ushort.MaxValue)
                : null;
        }
        catch (NetworkConfigException)
        {
            return null;
        }
    }
}
