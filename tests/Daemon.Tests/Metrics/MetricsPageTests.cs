using System;
using System.Linq;
using System.Text.RegularExpressions;
using Overlay.Control;
using Overlay.Daemon.Leases;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Daemon.Tests.Status;
using Overlay.Health;
using Overlay.Lab;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Metrics;

public sealed class MetricsPageTests : IDisposable
{
    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly ScriptedBackend _backend = new();
    private readonly LeaseCounts _counts = new();
    private readonly StoreCounts _store;
    private readonly HealthBoard _health;
    private readonly MetricsPage _page;

    public MetricsPageTests()
    {
        _store = new StoreCounts(_time);
        _health = new HealthBoard(_time);
        var config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");
        SubnetLease own = LeaseOf("10.5.34.0", "192.168.0.34", _time.GetUtcNow() + TimeSpan.FromHours(24));
        var source = new StatusSource(
            _backend, "udp", config.Network, "etcd", () => new KnownLeases(own, [], [], []), _health,
            new PeerActivity(_time), _time);
        _page = new MetricsPage(source, config, _counts, mostPeers: 10)
        {
            Store = _store,
            Firewall = new FirewallChoice(Masquerade: true, Forward: false, RandomFully: false, TimeSpan.Zero),
            Underlay = "lo",
        };
    }

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void What_etcd_was_asked_is_there_by_kind_and_outcome_and_promtool_accepts_it()
    {
        Needs.Program("prometheus", "promtool");
        long began = _store.Begin();
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _store.AddAnswer("range", "OK", isSuccess: true, began);
        _time.Advance(TimeSpan.FromSeconds(20));
        _store.AddAnswer("range", "Unavailable", isSuccess: false, began);
        _store.AddWatchRestart("compacted");
        _store.Reach(77);
        string text = _page.Write();
        AssertLines(
            text, "overlay_etcd_requests_total{op=\"range\",code=\"OK\"} 1",
            "overlay_etcd_requests_total{op=\"range\",code=\"Unavailable\"} 1",
            "overlay_etcd_request_duration_seconds_bucket{op=\"range\",le=\"0.025\"} 0",
            "overlay_etcd_request_duration_seconds_bucket{op=\"range\",le=\"0.1\"} 1",
            "overlay_etcd_request_duration_seconds_bucket{op=\"range\",le=\"10\"} 1",
            "overlay_etcd_request_duration_seconds_bucket{op=\"range\",le=\"+Inf\"} 2",
            "overlay_etcd_request_duration_seconds_sum{op=\"range\"} 20.1",
            "overlay_etcd_request_duration_seconds_count{op=\"range\"} 2",
            "overlay_etcd_last_success_timestamp_seconds 1769860800.05",
            "overlay_etcd_watch_restarts_total{cause=\"compacted\"} 1",
            "overlay_etcd_watch_restarts_total{cause=\"closed\"} 0", "overlay_etcd_watch_revision 77");
        CommandResult promtool = ChildCommand.Run(["promtool", "check", "metrics"], text);
        Assert.Equal((0, "", ""), (promtool.ExitCode, promtool.Output, promtool.Error));
    }

    [Fact]
    public void Batches_sockets_and_mtus_are_as_the_backend_and_the_kernel_have_them()
    {
        CountersReport counters = _backend.Counters;
        _backend.Counters = counters with
        {
            Outbound = counters.Outbound with { Batches = [3, 0, 2, 1], BatchedPackets = 21 },
        };
        _backend.Sockets = [new SocketMemory(1, 2, 3, 4, 5), new SocketMemory(6, 7, 8, 9, 0)];
        string text = _page.Write();
        AssertLines(
            text, "overlay_batch_packets_bucket{direction=\"encap\",le=\"1\"} 3",
            "overlay_batch_packets_bucket{direction=\"encap\",le=\"2\"} 3",
            "overlay_batch_packets_bucket{direction=\"encap\",le=\"4\"} 5",
            "overlay_batch_packets_bucket{direction=\"encap\",le=\"+Inf\"} 6",
            "overlay_batch_packets_sum{direction=\"encap\"} 21", "overlay_batch_packets_count{direction=\"encap\"} 6",
            "overlay_socket_receive_queue_bytes{lane=\"1\"} 6", "overlay_socket_receive_buffer_bytes{lane=\"0\"} 2",
            "overlay_socket_send_queue_bytes{lane=\"0\"} 3", "overlay_socket_send_buffer_bytes{lane=\"1\"} 9",
            "overlay_mtu_bytes{device=\"underlay\"} 65536", "overlay_mtu_bytes{device=\"tunnel\"} 1472");
        Assert.DoesNotContain("overlay_batch_packets_count{direction=\"decap\"}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Leases_taken_count_by_where_the_subnet_is_from_and_the_rules_that_are_asked_for_by_the_last_look()
    {
        SubnetLease lease = LeaseOf("10.5.34.0", "192.168.0.34", _time.GetUtcNow() + TimeSpan.FromHours(1));
        _counts.AddAcquired(new AcquiredLease(lease, IsNew: false), null);
        _counts.AddAcquired(new AcquiredLease(lease, IsNew: true), null);
        _counts.AddAcquired(new AcquiredLease(lease, IsNew: true), lease.Subnet);
        _counts.AddAcquired(new AcquiredLease(lease, IsNew: true), new Ipv4Prefix(Address("10.5.7.0"), 24));
        _counts.AddAcquired(new AcquiredLease(lease with { Expires = DateTimeOffset.MaxValue }, IsNew: false), null);
        _counts.AddNotAcquired();
        AssertLines(
            _page.Write(), "overlay_lease_acquisitions_total{how=\"same_ip\",result=\"ok\"} 1",
            "overlay_lease_acquisitions_total{how=\"previous_file\",result=\"ok\"} 1",
            "overlay_lease_acquisitions_total{how=\"reserved\",result=\"ok\"} 1",
            "overlay_lease_acquisitions_total{how=\"allocated\",result=\"ok\"} 2",
            "overlay_lease_acquisitions_total{how=\"none\",result=\"failed\"} 1",
            "overlay_firewall_rule_present{rule=\"masquerade\"} 1");
        _health.Raise(HealthCodes.FirewallRulesMissing, "", "somebody took them");
        string text = _page.Write();
        AssertLines(text, "overlay_firewall_rule_present{rule=\"masquerade\"} 0");
        Assert.DoesNotContain("{rule=\"forward\"}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_metric_that_is_written_is_in_the_catalogue() => Assert.Empty(
        Regex.Matches(_page.Write(), "^# TYPE ([a-z_]+) ", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value).Except(MetricNames.All.Select(metric => metric.Name)));

    private static void AssertLines(string text, params string[] lines)
    {
        string[] written = text.Split('\n');
        Assert.All(lines, line => Assert.Contains(line, written));
    }
}
