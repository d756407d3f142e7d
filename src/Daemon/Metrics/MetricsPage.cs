using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Overlay.Control;
using Overlay.Daemon.Host;
using Overlay.Daemon.Leases;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;

namespace Overlay.Daemon.Metrics;

/// <summary>All metrics as they are now.</summary>
/// <param name="source">What the daemon knows of itself.</param>
/// <param name="config">The network config.</param>
/// <param name="counts">What became of the own lease.</param>
/// <param name="mostPeers">So many peers have series of their own; beyond them none has. 0 for none at all.</param>
internal sealed class MetricsPage(StatusSource source, NetworkConfig config, LeaseCounts counts, int mostPeers)
{
    private static readonly (PeerErrorKind Kind, string Code)[] s_errors =
    [
        (PeerErrorKind.PortUnreachable, "port_unreachable"), (PeerErrorKind.HostProhibited, "host_prohibited"),
        (PeerErrorKind.AdminProhibited, "admin_prohibited"), (PeerErrorKind.HostUnreachable, "host_unreachable"),
        (PeerErrorKind.FragmentationNeeded, "frag_needed"), (PeerErrorKind.Other, "other"),
    ];

    private static readonly string[] s_differences = ["put", "removed"];

    private static readonly string[] s_underLabels = ["icmp_sent", "icmp_rate_limited", "icmp_refused"];

    /// <summary>What the lease store was asked; null where it is no server.</summary>
    internal required StoreCounts? Store { get; init; }

    /// <summary>Which firewall rules are asked for.</summary>
    internal required FirewallChoice Firewall { get; init; }

    /// <summary>The name of the interface that carries the datagrams.</summary>
    internal required string Underlay { get; init; }

    /// <summary>The text.</summary>
    internal string Write()
    {
        var text = new MetricsText();
        CountersReport counters = source.Backend.ReadCounters();
        StatusReport status = source.Read(counters);
        WriteDataPath(text, counters);
        WritePeers(text, status);
        WriteLeases(text);
        WriteHost(text, status);
        WriteProcess(text);
        return text.ToString();
    }

    private void WriteDataPath(MetricsText text, CountersReport counters)
    {
        text.Add(MetricNames.EncapPackets, counters.Outbound.Packets);
        text.Add(MetricNames.EncapBytes, counters.Outbound.Bytes);
        text.Add(MetricNames.DecapPackets, counters.Inbound.Packets);
        text.Add(MetricNames.DecapBytes, counters.Inbound.Bytes);
        (string Name, DirectionReport Report)[] directions =
            [("encap", counters.Outbound), ("decap", counters.Inbound)];
        foreach ((string direction, DirectionReport report) in directions)
        {
            foreach (DropReason reason in DropReasons.All)
            {
                text.Add(MetricNames.Dropped, report.Drops.GetValueOrDefault(reason.Name()), direction, reason.Name());
            }
        }

        foreach ((string direction, DirectionReport report) in directions)
        {
            foreach (CountedEvent each in CountedEvents.All.Where(each => !s_underLabels.Contains(each.Name())))
            {
                text.Add(MetricNames.Events, report.Events.GetValueOrDefault(each.Name()), direction, each.Name());
            }
        }

        foreach (string name in s_underLabels)
        {
            text.Add(
                MetricNames.IcmpSent, directions.Sum(each => each.Report.Events.GetValueOrDefault(name)),
                name["icmp_".Length..]);
        }

        foreach ((PeerErrorKind kind, string code) in s_errors)
        {
            text.Add(MetricNames.IcmpReceived, source.Backend.CountPeerErrors(kind), code);
        }

        (string Name, DirectionMeter? Meter)[] meters =
            [("encap", counters.Meter?.Outbound), ("decap", counters.Meter?.Inbound)];
        foreach ((string direction, DirectionMeter? meter) in meters)
        {
            foreach ((string call, CallReport report) in meter?.Calls ?? new Dictionary<string, CallReport>())
            {
                text.Add(MetricNames.Syscalls, report.Calls, direction, call);
            }
        }

        WriteBatches(text, directions);
        WriteWorkers(text);
        AddIfKnown(text, MetricNames.SocketDrops, counters.Kernel?.SocketBufferFull);
        WriteSockets(text);
        AddIfKnown(text, MetricNames.TunQueueDrops, counters.Kernel?.TunQueueFull);
        AddIfKnown(text, MetricNames.TunReceiveDrops, counters.Kernel?.TunReceiveDropped);
        if (counters.KernelPath is { } path)
        {
            text.Add(MetricNames.KernelPathPackets, path.OutboundPackets, "encap");
            text.Add(MetricNames.KernelPathPackets, path.InboundPackets, "decap");
            text.Add(MetricNames.KernelPathUp, path.State == "kernel" ? 1 : 0);
        }

        (int? underlay, int? bridge) = HostMtus.Read(
            Underlay, source.Backend.ReadState().Interface, source.Leases().Own.Subnet);
        AddIfKnown(text, MetricNames.Mtu, underlay, "underlay");
        text.Add(MetricNames.Mtu, source.Backend.Mtu, "tunnel");
        AddIfKnown(text, MetricNames.Mtu, bridge, "bridge");
        text.Add(MetricNames.Peers, counters.Peers);
    }

    private static void WriteBatches(
        MetricsText text, IReadOnlyList<(string Name, DirectionReport Report)> directions)
    {
        foreach ((string direction, DirectionReport report) in directions)
        {
            if (report.Batches is { } batches)
            {
                text.AddHistogram(
                    MetricNames.BatchPackets, [.. batches.SkipLast(1).Select((_, part) => (double)(1L << part))],
                    batches, report.BatchedPackets ?? 0, direction);
            }
        }
    }

    private void WriteSockets(MetricsText text)
    {
        IReadOnlyList<SocketMemory> sockets = source.Backend.ReadSockets();
        (Metric Metric, Func<SocketMemory, uint> Value)[] gauges =
        [
            (MetricNames.SocketReceiveQueue, socket => socket.ReceiveQueueBytes),
            (MetricNames.SocketReceiveBuffer, socket => socket.ReceiveBufferBytes),
            (MetricNames.SocketSendQueue, socket => socket.SendQueueBytes),
            (MetricNames.SocketSendBuffer, socket => socket.SendBufferBytes),
        ];
        foreach ((Metric metric, Func<SocketMemory, uint> value) in gauges)
        {
            for (int lane = 0; lane < sockets.Count; lane++)
            {
                text.Add(metric, value(sockets[lane]), lane.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private void WriteWorkers(MetricsText text)
    {
        HashSet<string> names = [.. source.Backend.ReadWorkers().Select(worker => worker.Name)];
        foreach ((string name, (double user, double system)) in ThreadTimes.Read(names)
            .OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            text.Add(MetricNames.WorkerCpu, user, name, "user");
            text.Add(MetricNames.WorkerCpu, system, name, "system");
        }
    }

    private void WritePeers(MetricsText text, StatusReport status)
    {
        if (status.Peers.Count > mostPeers)
        {
            return;
        }

        (string Subnet, PeerStatus Peer)[] peers = [.. status.Peers.Select(peer => (peer.Subnets[0], peer))];
        foreach ((string subnet, PeerStatus peer) in peers)
        {
            text.Add(MetricNames.PeerInfo, 1, subnet, peer.PublicIp, peer.Way);
        }

        Series(MetricNames.PeerUp, peer => peer.Cause is null ? 1 : 0);
        Series(MetricNames.PeerHeard, peer => peer.LastHeard is { } heard ? SecondsOf(heard) : null);
        Series(MetricNames.PeerEncapPackets, peer => peer.OutboundPackets);
        Series(MetricNames.PeerEncapBytes, peer => peer.OutboundBytes);
        Series(MetricNames.PeerDecapPackets, peer => peer.InboundPackets);
        Series(MetricNames.PeerDecapBytes, peer => peer.InboundBytes);
        Series(MetricNames.PeerPathMtu, peer => peer.PathMtu);

        void Series(Metric metric, Func<PeerStatus, double?> value)
        {
            foreach ((string subnet, PeerStatus peer) in peers)
            {
                if (value(peer) is { } known)
                {
                    text.Add(metric, known, subnet);
                }
            }
        }
    }

    private void WriteLeases(MetricsText text)
    {
        KnownLeases leases = source.Leases();
        if (leases.Own.Expires != DateTimeOffset.MaxValue)
        {
            text.Add(MetricNames.LeaseExpiry, SecondsOf(leases.Own.Expires));
        }

        text.Add(MetricNames.LeaseRenewals, counts.Renewed, "ok");
        text.Add(MetricNames.LeaseRenewals, counts.Failed, "failed");
        foreach ((string how, long count) in counts.Acquired)
        {
            text.Add(MetricNames.LeaseAcquisitions, count, how, "ok");
        }

        text.Add(MetricNames.LeaseAcquisitions, counts.NotAcquired, "none", "failed");
        text.Add(MetricNames.LeaseConflicts, counts.Lost, "lost");
        text.Add(MetricNames.Leases, 1 + leases.Peers.Count + leases.FurtherOwn.Count + leases.LeftOut.Count);
        uint first = config.SubnetMin.Value, last = config.SubnetMax.Value;
        text.Add(MetricNames.SubnetsCapacity, ((last - first) >> (32 - config.SubnetLength)) + 1);
        bool isAway = source.Health.ReadAll().Any(warning => warning.Code == HealthCodes.LeaseStoreAway);
        text.Add(MetricNames.StoreUp, isAway ? 0 : 1);
        if (Store is { } store)
        {
            bool isKubernetes = store.Service == StoreService.Kubernetes;
            WriteStore(text, store, isKubernetes ? MetricNames.Kubernetes : MetricNames.Etcd);
        }
    }

    private static void WriteStore(MetricsText text, StoreCounts store, StoreMetrics metrics)
    {
        foreach ((string operation, string code, long count) in store.ReadRequests())
        {
            text.Add(metrics.Requests, count, operation, code);
        }

        foreach ((string operation, IReadOnlyList<long> parts, double seconds) in store.ReadDurations())
        {
            text.AddHistogram(metrics.Durations, StoreCounts.DurationBounds, parts, seconds, operation);
        }

        if (store.LastSuccess is { } success)
        {
            text.Add(metrics.Success, SecondsOf(success));
        }

        IReadOnlyDictionary<string, long> restarts = store.ReadWatchRestarts();
        foreach (string cause in metrics.RestartCauses)
        {
            text.Add(metrics.Restarts, restarts.GetValueOrDefault(cause), cause);
        }

        AddIfKnown(text, metrics.Revision, store.Revision);
        IReadOnlyDictionary<string, long> differences = store.ReadDifferences();
        foreach (string kind in s_differences)
        {
            text.Add(metrics.Differences, differences.GetValueOrDefault(kind), kind);
        }
    }

    private void WriteHost(MetricsText text, StatusReport status)
    {
        text.Add(MetricNames.Ready, status.IsReady ? 1 : 0);
        foreach (HealthCode code in HealthCodes.All)
        {
            text.Add(
                MetricNames.HealthWarnings, status.Warnings.Count(warning => warning.Code == code.Name), code.Name,
                code.Severity.ToString().ToLowerInvariant());
        }

        foreach ((string what, long count) in status.Repairs)
        {
            text.Add(MetricNames.HostRepairs, count, what);
        }

        bool isThere = !source.Health.ReadAll().Any(warning =>
            warning.Code == HealthCodes.FirewallRulesMissing || warning.Code == HealthCodes.FirewallToolMissing);
        foreach ((string rule, bool isWanted) in new[]
        {
            ("masquerade", Firewall.Masquerade), ("forward", Firewall.Forward),
        })
        {
            if (isWanted)
            {
                text.Add(MetricNames.FirewallRule, isThere ? 1 : 0, rule);
            }
        }

        text.Add(
            MetricNames.BuildInfo, 1, status.Version, RuntimeInformation.FrameworkDescription,
            RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());
        text.Add(
            MetricNames.ConfigInfo, 1, status.Lease.Network, status.Lease.Subnet, status.Backend, status.Interface);
    }

    private static void WriteProcess(MetricsText text)
    {
        text.Add(MetricNames.ProcessCpu, Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Add(MetricNames.ProcessMemory, Environment.WorkingSet);
        using (var process = System.Diagnostics.Process.GetCurrentProcess())
        {
            text.Add(MetricNames.ProcessStart, SecondsOf(process.StartTime));
        }

        text.Add(MetricNames.ProcessDescriptors, Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        text.Add(MetricNames.GcPause, GC.GetTotalPauseDuration().TotalSeconds);
        text.Add(MetricNames.GcAllocated, GC.GetTotalAllocatedBytes());
    }

    private static void AddIfKnown(MetricsText text, Metric metric, long? value, params ReadOnlySpan<string> labels)
    {
        if (value is { } known)
        {
            text.Add(metric, known, labels);
        }
    }

    private static double SecondsOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
