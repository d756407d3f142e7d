using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Daemon.Status;

/// <summary>Where everything comes from that a daemon says of itself.</summary>
/// <param name="Backend">Forwards already.</param>
/// <param name="Type">The backend, as the network config names it.</param>
/// <param name="Network">The whole overlay's.</param>
/// <param name="Store">Where leases are kept, in words.</param>
/// <param name="Leases">Those in force.</param>
/// <param name="Health">What is wrong.</param>
/// <param name="Activity">When peers were heard.</param>
/// <param name="Clock">Says what time it is.</param>
internal sealed record StatusSource(
    IBackend Backend, string Type, Ipv4Prefix Network, string Store, Func<KnownLeases> Leases, HealthBoard Health,
    PeerActivity Activity, TimeProvider Clock)
{
    // Traffic is spoken of as current for so long.
    private static readonly TimeSpan s_recent = TimeSpan.FromSeconds(30);

    private static readonly IReadOnlyDictionary<string, string> s_states = new Dictionary<string, string>
    {
        [HealthCodes.PeerThroughTunnel.Name] = "left-out",
        [HealthCodes.PeerOtherBackend.Name] = "left-out",
        [HealthCodes.PeerNotOnLink.Name] = "no-route",
        [HealthCodes.PeerNotMade.Name] = "no-route",
        [HealthCodes.PeerDaemonDown.Name] = "daemon-down",
        [HealthCodes.PeerFirewallProhibits.Name] = "blocked",
        [HealthCodes.PeerUnreachable.Name] = "unreachable",
    };

    /// <summary>The daemon's version.</summary>
    internal static string Version { get; } = typeof(StatusSource).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Where subnet.env is; null for nowhere.</summary>
    internal string? SubnetFile { get; init; }

    /// <summary>When this was made: when the daemon was ready.</summary>
    internal DateTimeOffset Started { get; } = Clock.GetUtcNow();

    /// <summary>Whether the host can take pods' packets.</summary>
    internal bool IsReady => Health.ReadNotReady().Count == 0;

    /// <summary>Everything, as it is now.</summary>
    internal StatusReport Read() => Read(Backend.ReadCounters());

    /// <summary>As <see cref="Read()"/>, for whoever has read the counters already.</summary>
    internal StatusReport Read(CountersReport counters)
    {
        BackendState state = Backend.ReadState();
        KnownLeases leases = Leases();
        IReadOnlyList<HealthWarning> raised = Health.ReadAll();
        return new StatusReport(
            Version, Clock.GetUtcNow(), Started, IsReady, Type, state.Interface, Backend.Mtu, state.Endpoint,
            state.Description,
            new LeaseStatus(
                leases.Own.Subnet.ToString(), Network.ToString(), leases.Own.PublicIp.ToString(), Store,
                leases.Own.Expires == DateTimeOffset.MaxValue ? null : leases.Own.Expires),
            [.. PeersOf(leases, counters, raised)],
            [.. Health.ReadVisible().Select(Describe)],
            Health.Repairs.Read(),
            Environment.CpuUsage.TotalTime.TotalSeconds,
            counters.Drops) { SubnetFile = SubnetFile };
    }

    /// <summary>One warning for whoever asks.</summary>
    internal static WarningReport Describe(HealthWarning warning) => new(
        warning.Code.Name, warning.Code.Severity.ToString().ToLowerInvariant(), warning.Subject, warning.Cause,
        warning.Code.Breaks, warning.Remedy, warning.Since, warning.Code.DependsOn,
        warning.Code.TimeToVisible.TotalSeconds);

    /// <summary>What becomes of packets for an address.</summary>
    internal RouteReport FindRoute(Ipv4Address address)
    {
        BackendState state = Backend.ReadState();
        KnownLeases leases = Leases();
        if (!Network.Contains(address))
        {
            return No("outside", null, $"it is not in the Network {Network}: the host's other routes decide");
        }

        if (leases.FurtherOwn.Prepend(leases.Own).FirstOrDefault(lease => lease.Subnet.Contains(address)) is { } own)
        {
            return No("local", own, "it is of this host's own subnet: the pods' bridge has it");
        }

        if (leases.LeftOut.FirstOrDefault(lease => lease.Subnet.Contains(address)) is { } other)
        {
            return No(
                "left-out", other,
                $"its lease is for {other.Attributes.Backend.Name}, and this host's backend is {Type}");
        }

        if (leases.Peers.FirstOrDefault(lease => lease.Subnet.Contains(address)) is not { } peer)
        {
            return No("nobody", null, "no lease covers it: no host has that subnet, or its lease has ended");
        }

        CountersReport counters = Backend.ReadCounters();
        PeerStatus status = PeersOf(leases with { Peers = [peer], LeftOut = [] }, counters, Health.ReadAll()).Single();
        bool isRouted = status.State is not ("left-out" or "no-route");
        return new RouteReport(
            address.ToString(), isRouted ? "peer" : "left-out", Type, state.Description, peer.Subnet.ToString(),
            peer.PublicIp.ToString(), isRouted ? state.Interface : null, isRouted ? status.Way : null,
            isRouted ? Math.Min(Backend.Mtu, (status.PathMtu ?? int.MaxValue) - Overhead) : null, WhyNot(status, peer));

        RouteReport No(string verdict, SubnetLease? lease, string why) => new(
            address.ToString(), verdict, Type, state.Description, lease?.Subnet.ToString(), lease?.PublicIp.ToString(),
            Why: why);
    }

    // Only user space learns of paths: an outer IPv4 and UDP header.
    private static int Overhead => Router.Ports.UdpPort.EncapsulationBytes;

    private string? WhyNot(PeerStatus status, SubnetLease peer)
    {
        string? around = Health.ReadAll().FirstOrDefault(warning => warning.Code == HealthCodes.RouteAroundTunnel
            && Ipv4Prefix.TryParse(warning.Subject, out Ipv4Prefix taken)
            && (taken.Contains(peer.Subnet.Address) || peer.Subnet.Contains(taken.Address))) is { } route
                ? $"{route.Code.Name}: {route.Cause}; {route.Remedy}"
                : null;
        string? host = Health.ReadNotReady() is [{ } first, ..]
            ? $"{first.Code.Name}: {first.Cause}; {first.Remedy}"
            : null;
        return host ?? around ?? status.Cause;
    }

    private IEnumerable<PeerStatus> PeersOf(
        KnownLeases leases, CountersReport counters, IReadOnlyList<HealthWarning> raised)
    {
        var facts = new PeerFacts(counters, raised.Where(warning => s_states.ContainsKey(warning.Code.Name)), Type);
        return leases.Peers.Concat(leases.LeftOut)
            .GroupBy(lease => lease.PublicIp)
            .OrderBy(host => host.Min(lease => lease.Subnet.Address))
            .Select(host => StatusOf(
                host.Key.ToString(),
                [.. host.OrderBy(lease => lease.Subnet.Address).Select(lease => lease.Subnet.ToString())], facts));
    }

    private PeerStatus StatusOf(string peer, string[] subnets, PeerFacts facts)
    {
        HealthWarning? trouble = facts.FindTrouble(peer, subnets);
        string? state = trouble is null ? null : s_states[trouble.Code.Name];
        string way = state is "left-out" or "no-route" ? "none" : facts.WayOf(peer);
        string? cause = trouble is null ? null : $"{trouble.Code.Name}: {trouble.Cause}; {trouble.Remedy}";
        if (way == "none" && state is null)
        {
            (state, cause) = ("no-route", facts.WhyNotByVxlan(peer));
        }

        PeerReport? counts = facts.FindCounts(peer, way);
        PeerTimes? times = counts is null ? null : Activity.Find(peer);
        return new PeerStatus(
            subnets, peer, state ?? (counts is null ? "routed" : StateOf(times)), way, facts.PathMtuOf(peer),
            times?.Heard, counts?.OutboundPackets, counts?.OutboundBytes, counts?.InboundPackets, counts?.InboundBytes,
            cause);
    }

    private string StateOf(PeerTimes? times)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        return times?.Heard is { } heard && now - heard < s_recent ? "active"
            : times is { Sent: { } sent, SentSince: { } since } && now - sent < s_recent && now - since > s_recent / 3
                ? "silent"
                : "idle";
    }
}
