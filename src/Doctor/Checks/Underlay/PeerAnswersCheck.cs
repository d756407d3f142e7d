using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Net;

namespace Overlay.Doctor.Checks.Underlay;

/// <summary>
/// U8 to U10: whether the peers' hosts are there, whether a daemon listens on each, and what comes back.
/// </summary>
internal sealed class PeerAnswersCheck : ICheck
{
    // Fewer may be on their way still.
    private const int Unanswered = 3;

    private static readonly Row s_unreachable = new(
        "U8", HealthCodes.PeerUnreachable.Name, HealthSeverity.Warning,
        "packets to a peer are lost: its host, or the router to it, does not answer on the link", "arp(7)");

    private static readonly Row s_down = new(
        "U9", HealthCodes.PeerDaemonDown.Name, HealthSeverity.Warning,
        "packets to a peer are lost: nobody listens on its port", "RFC 792, destination unreachable");

    private static readonly Row s_silent = new(
        "U10", "peer-silent", HealthSeverity.Warning,
        "packets go to a peer, and nothing comes back: something on the way drops the overlay's UDP port",
        "k3s issue 8348");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_unreachable, s_down, s_silent];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        Finding[] mute = [.. Mute(host)];
        Finding[] refused =
        [
            .. from peer in host.Probes.Refusing
               select new Finding(
                   s_down, $"{peer}", $"{peer} answers that nobody listens on its port {host.Overlay.Port}",
                   "start overlay or flanneld on the peer, with the same port"),
        ];
        Finding[] rejected =
        [
            .. from each in host.Probes.Answers
               where each.Value.IsProhibited
               select new Finding(
                   s_silent, $"{each.Key}",
                   $"a firewall on {each.Value.Offender} rejects UDP port {host.Overlay.Port} of {each.Key}: "
                       + $"{each.Value}",
                   $"let UDP port {host.Overlay.Port} through there: iptables -I INPUT -p udp --dport "
                       + $"{host.Overlay.Port} -j ACCEPT"),
        ];
        return
        [
            .. mute,
            .. Remembered(host, HealthCodes.PeerUnreachable, s_unreachable, mute),
            .. refused,
            .. Remembered(host, HealthCodes.PeerDaemonDown, s_down, refused),
            .. rejected,
            .. Silent(host, [.. mute.Concat(refused).Concat(rejected).Select(finding => finding.Subject)]),
        ];
    }

    // The daemon warns for some time after the last error: what answers by now is over.
    private static IEnumerable<Finding> Remembered(
        HostFacts host, HealthCode code, Row row, IReadOnlyCollection<Finding> seen) =>
        DaemonWarnings.Of(host, code, row).Where(warning => !host.Probes.IsOpen(warning.Subject)
            && seen.All(finding => finding.Subject != warning.Subject));

    private static IEnumerable<Finding> Mute(HostFacts host) =>
        from way in host.Routes.Ask(host.Peers, (kernel, peer) => kernel.Find(peer.PublicIp))
        let next = way.Answer?.Gateway ?? way.About.PublicIp
        where host.Network.MuteNeighbours.Contains(next)
        select new Finding(
            s_unreachable, $"{way.About.PublicIp}",
            next == way.About.PublicIp
                ? $"{next} does not answer ARP on {host.Network.NameOf(way.Answer?.InterfaceIndex ?? 0)}"
                : $"{next}, the router to it, does not answer ARP",
            next == way.About.PublicIp
                ? "find out whether the peer is up, and connected to the same link"
                : $"find out whether {next} is up, or correct the route: ip route get {way.About.PublicIp}");

    private static IEnumerable<Finding> Silent(HostFacts host, IReadOnlyCollection<string> explained) =>
        from peer in host.Daemon?.Peers ?? []
        where peer is { OutboundPackets: >= Unanswered, InboundPackets: 0 } && !explained.Contains(peer.PublicIp)
            && !host.Probes.IsOpen(peer.PublicIp) && Explained(host.Daemon!, peer) is null
        select new Finding(
            s_silent, peer.PublicIp,
            $"{peer.OutboundPackets} packets have gone to {peer.PublicIp}, none has come from there, and no ICMP error "
                + "either",
            $"let UDP port {host.Overlay.Port} through both ways: in the cloud's security group, and on the peer");

    private static WarningReport? Explained(StatusReport daemon, PeerStatus peer) =>
        daemon.Warnings.FirstOrDefault(warning => warning.Subject == peer.PublicIp
            || (Ipv4Prefix.TryParse(warning.Subject, out Ipv4Prefix _) && peer.Subnets.Contains(warning.Subject)));
}
