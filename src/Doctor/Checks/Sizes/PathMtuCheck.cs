using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Sizes;

/// <summary>M2, M3, M5: paths to peers that are narrower than their interface, and what fragments now.</summary>
internal sealed class PathMtuCheck : ICheck
{
    private const string Fragmented = "Ip.FragOKs";
    private const string Fragments = "Ip.FragCreates";
    private const string NotJoined = "Ip.ReasmFails";

    // Between the two looks: a single long datagram of anybody's is no trouble.
    private const int Many = 5;

    private static readonly Row s_path = new(
        "M2", HealthCodes.PeerPathMtu.Name, HealthSeverity.Warning,
        "full packets to a peer do not fit its path: stock flannel loses or fragments them",
        "flannel issue 1011");

    private static readonly Row s_ours = new(
        "M3", "outer-fragmented", HealthSeverity.Warning,
        "full packets to a peer are fragmented by this host now, and pods are not told", "ip(7), IP_MTU_DISCOVER");

    private static readonly Row s_fragments = new(
        "M5", "fragments", HealthSeverity.Warning,
        "this host sends fragments, or cannot join those it gets", "proc_net_snmp(5)");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_path, s_ours, s_fragments];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        Dictionary<string, (int Mtu, string Why)> narrow = new(StringComparer.Ordinal);
        foreach (PathFacts path in host.Paths.Where(path => path.Mtu < path.Link.Mtu))
        {
            narrow[$"{path.Peer}"] = (path.Mtu,
                $"the path to {path.Peer} takes {path.Mtu} bytes, {path.Link.Name} {path.Link.Mtu}");
        }

        foreach ((string peer, int mtu) in (host.Daemon?.Peers ?? []).Where(peer => peer.PathMtu is not null)
            .Select(peer => (peer.PublicIp, peer.PathMtu!.Value)))
        {
            _ = narrow.TryAdd(peer, (mtu, $"the daemon has learned that the path to {peer} takes {mtu} bytes"));
        }

        foreach ((string peer, (int mtu, string why)) in narrow)
        {
            yield return new Finding(
                s_path, peer, why,
                $"give all hosts one MTU, or have pods send less: overlay run --mtu {mtu - 28} (of vxlan {mtu - 50}) "
                    + "on every host, then restart the pods");
        }

        if (host.Counters.Growth(Fragmented) is >= Many and var whole && narrow.Count > 0)
        {
            yield return new Finding(
                s_ours, "", $"{Count(host, Fragmented, whole)} packets fragmented, with "
                    + $"{string.Join(", ", narrow.Keys.Take(3))} behind narrow paths",
                "see M2; a daemon of ours tells pods the length that fits (ICMP type 3, code 4)");
        }
        else if (host.Counters.Growth(Fragments) is >= Many and var made)
        {
            yield return Fragmenting(host, Fragments, made, "fragments made");
        }
        else if (host.Counters.Growth(NotJoined) is >= Many and var failed)
        {
            yield return Fragmenting(host, NotJoined, failed, "times that fragments were not joined");
        }
    }

    private static Finding Fragmenting(HostFacts host, string name, long growth, string what) => new(
        s_fragments, "", $"{Count(host, name, growth)} {what} ({name} of /proc/net/snmp)",
        "see who sends so much at once (tcpdump 'ip[6:2] & 0x3fff != 0'), and lower its MTU");

    private static string Count(HostFacts host, string name, long growth) =>
        $"{growth} in {CounterFacts.Span.TotalSeconds} s, {host.Counters.Total(name)} before:";
}
