using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Status;

/// <summary>What a real daemon says of itself: status, route, events, metrics, probes.</summary>
public sealed class StatusTests : LabTest
{
    [Fact]
    public void R2_R9_W5_A_daemon_tells_its_peers_its_routes_its_metrics_and_that_a_peers_daemon_is_down()
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        Needs.Program("prometheus", "promtool");
        TestLab lab = NewLab(2);
        string peer = lab.Host(2).UnderlayAddress.ToString();

        // Of a backend that the second host has had before.
        lab.Ip.Batch(
            lab.Host(2).HostNamespace, [$"route add 10.244.250.0/24 via {lab.Host(1).UnderlayAddress}"]);
        IReadOnlyList<RunningProgram> daemons = lab.BringUp(
            [1, 2],
            number => number == 1
                ?
                [
                    "--healthz-port", "8081", "--metrics-ip", "0.0.0.0", "--metrics-port", "8081",
                    "--log-format", "klog",
                ]
                : []);

        StatusReport status;
        using (new SteadyPing(lab, 1, 2))
        {
            status = Await(lab, report => report.Peers is [{ State: "active" }]);
        }

        PeerStatus active = Assert.Single(status.Peers);
        Assert.Equal((peer, "user"), (active.PublicIp, active.Way));
        Assert.True(active.OutboundPackets > 0 && active.InboundPackets > 0 && active.LastHeard is not null);
        Assert.True(status.IsReady);
        Assert.Equal((0, 0), (Ask(lab, "status").ExitCode, Ask(lab, "log-level", "debug").ExitCode));
        Assert.Equal("debug\n", Ask(lab, "log-level").Output);
        Assert.Equal("{\"level\":\"debug\"}\n", Ask(lab, "log-level", "--json").Output);
        CommandResult top = Ask(lab, "top", "--json", "--count", "1");
        Assert.Equal((0, ""), (top.ExitCode, top.Error));
        using (var sample = JsonDocument.Parse(top.Output))
        {
            Assert.Equal(peer, sample.RootElement.GetProperty("peers")[0].GetProperty("publicIp").GetString());
        }

        Assert.Equal(2, Ask(lab, "log-level", "loud").ExitCode);

        CommandResult route = Ask(lab, "route", lab.Pod(2).ToString());
        Assert.Equal((0, ""), (route.ExitCode, route.Error));
        Assert.Contains($"{lab.Pod(2)} goes to {peer}", route.Output, StringComparison.Ordinal);
        Assert.Contains("is on this host", Ask(lab, "route", lab.Pod(1).ToString()).Output, StringComparison.Ordinal);
        Assert.Equal(1, Ask(lab, "route", "10.244.250.1").ExitCode);
        Assert.Contains("is not the overlay's", Ask(lab, "route", "192.0.2.1").Output, StringComparison.Ordinal);

        CommandResult metrics = Ask(lab, "metrics");
        CommandResult checkedByPromtool = ChildCommand.Run(["promtool", "check", "metrics"], metrics.Output);
        Assert.Equal((0, ""), (checkedByPromtool.ExitCode, checkedByPromtool.Error));
        Assert.Matches("overlay_batch_packets_count{direction=\"decap\"} [1-9]", metrics.Output);
        Assert.Matches("overlay_socket_receive_buffer_bytes{lane=\"0\"} [1-9]", metrics.Output);
        Assert.Contains("\noverlay_mtu_bytes{device=\"underlay\"} 1500\n", metrics.Output, StringComparison.Ordinal);
        Assert.Contains(
            "\noverlay_lease_acquisitions_total{how=\"allocated\",result=\"ok\"} 1\n", metrics.Output,
            StringComparison.Ordinal);
        string file = Path.Combine(lab.Plan.LeaseDirectory, "overlay.prom");
        string link = Path.Combine(lab.Plan.LeaseDirectory, "link.prom");
        File.CreateSymbolicLink(link, "/dev/null");
        foreach (string taken in (string[])[link, lab.Plan.LeaseDirectory])
        {
            Assert.Equal(1, Ask(lab, "metrics", "write", taken).ExitCode);
        }

        Assert.Equal("/dev/null", new FileInfo(link).LinkTarget);
        Assert.Equal(0, Ask(lab, "metrics", "write", file).ExitCode);
        Assert.Contains("overlay_peer_up{subnet=", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nflanneld is running", lab.Get(1, 8081, "/healthz"), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nflanneld is ready", lab.Get(1, 8081, "/readyz"), StringComparison.Ordinal);
        Assert.Contains("\noverlay_ready 1\n", lab.Get(1, 8081, "/metrics"), StringComparison.Ordinal);

        _ = lab.AwaitWarning(2, "route-around-tunnel");

        // R6: it is heard of, and the route that is asked for is told of it.
        lab.Ip.Batch(lab.Host(1).HostNamespace, [$"route add {lab.Subnet(2).Subnet} via {peer}"]);
        _ = lab.AwaitWarning(1, "route-around-tunnel");
        Assert.Contains(
            "route-around-tunnel: ", Ask(lab, "route", lab.Pod(2).ToString()).Output, StringComparison.Ordinal);
        lab.Ip.Batch(lab.Host(1).HostNamespace, [$"route del {lab.Subnet(2).Subnet} via {peer}"]);

        // W5: a firewall of the peer that answers.
        string[] rule =
            ["INPUT", "-p", "udp", "--dport", "8285", "-j", "REJECT", "--reject-with", "icmp-admin-prohibited"];
        Assert.True(lab.Run(lab.Host(2).HostNamespace, ["iptables", "-w", "-I", .. rule]).Succeeded);
        using (new SteadyPing(lab, 1, 2, TimeSpan.FromSeconds(0.2)))
        {
            Assert.Equal(peer, lab.AwaitWarning(1, "peer-firewall-prohibits").Subject);
        }

        Assert.True(lab.Run(lab.Host(2).HostNamespace, ["iptables", "-w", "-D", .. rule]).Succeeded);
        daemons[1].Signal("TERM");
        Assert.Equal(0, daemons[1].WaitForExit().ExitCode);
        CommandResult trouble;
        using (new SteadyPing(lab, 1, 2, TimeSpan.FromSeconds(0.2)))
        {
            status = Await(lab, report => report.Peers is [{ State: "daemon-down" }]
                && report.Warnings.Any(warning => warning.Code == "peer-daemon-down"));
            trouble = Ask(lab, "status");
        }

        Assert.Contains(status.Warnings, warning => warning.Code == "peer-daemon-down" && warning.Subject == peer);
        Assert.Equal(1, trouble.ExitCode);
        Assert.Contains("fix:    start overlay or flanneld on the peer", trouble.Output, StringComparison.Ordinal);
        JsonElement[] events =
        [
            .. Ask(lab, "events", "--json").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement),
        ];
        Assert.Contains(events, each => each.GetProperty("event").GetString() == "health_raised");
        Assert.Contains(events, each => each.GetProperty("event").GetString() == "ready");
        Assert.All(daemons[0].Errors, line => Assert.Matches("^[IWE][01][0-9]{3} ", line));

        // R2
        lab.Ip.Batch(lab.Host(1).HostNamespace, ["link set flannel0 down"]);
        _ = Await(lab, report => report.Repairs["link"] == 1 && report.IsReady); // it is brought up again
        daemons[0].Signal("TERM");
        Assert.Equal(0, daemons[0].WaitForExit().ExitCode);
        Assert.Equal(3, Ask(lab, "status").ExitCode);
    }

    [Theory]
    [InlineData("vxlan", "vxlan", "flannel.1")]
    [InlineData("host-gw", "route", "eth0")]
    public void A_daemon_whose_kernel_forwards_tells_its_peers_and_routes_and_counts_what_it_puts_back(
        string backend, string way, string device)
    {
        Needs.Program("prometheus", "promtool");
        TestLab lab = NewLab(2, $$$"""{"Network":"10.244.0.0/16","Backend":{"Type":"{{{backend}}}"}}""");
        _ = lab.BringUp([1, 2], _ => ["--healthz-port", "8081"]);
        StatusReport status = Await(lab, report => report.Peers.Count == 1 && report.IsReady);
        PeerStatus peer = status.Peers[0];
        Assert.Equal(
            (lab.Host(2).UnderlayAddress.ToString(), "routed", way, null),
            (peer.PublicIp, peer.State, peer.Way, peer.OutboundPackets));
        Assert.Equal((backend, device, 0), (status.Backend, status.Interface, Ask(lab, "status").ExitCode));
        Assert.Contains("goes to", Ask(lab, "route", lab.Pod(2).ToString()).Output, StringComparison.Ordinal);
        CommandResult promtool = ChildCommand.Run(["promtool", "check", "metrics"], Ask(lab, "metrics").Output);
        Assert.Equal((0, ""), (promtool.ExitCode, promtool.Error));

        lab.Ip.Batch(lab.Host(1).HostNamespace, [$"route del {peer.Subnets[0]}"]);
        status = Await(lab, report => report.Repairs["route"] == 1);
        Assert.Contains(
            $"overlay_host_repairs_total{{object=\"route\"}} 1\n", Ask(lab, "metrics").Output,
            StringComparison.Ordinal);
        Assert.Contains("host_repair", Ask(lab, "events").Output, StringComparison.Ordinal);
        lab.Ip.Batch(lab.Host(1).HostNamespace, [$"link set {device} down"]);
        status = Await(lab, report => report.Warnings.Count > 0);
        Assert.False(status.IsReady);
        Assert.StartsWith("HTTP/1.1 503 ", lab.Get(1, 8081, "/readyz"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", lab.Get(1, 8081, "/healthz"), StringComparison.Ordinal);
        Assert.Contains("ip link set", status.Warnings[0].Remedy, StringComparison.Ordinal);
    }

    private static CommandResult Ask(TestLab lab, string command, params string[] words) => ChildCommand.Run(
        [RunningProgram.OverlayPath, command, .. words, "--run-dir", lab.Host(1).RunDirectory]);

    private static StatusReport Await(TestLab lab, Func<StatusReport, bool> condition)
    {
        StatusReport? last = null;
        Assert.True(
            Condition.Holds(
                () => condition(last = StatusReport.Parse(Ask(lab, "status", "--json").Output)), TestLab.Patience),
            $"{last?.ToJson()}");
        return last!;
    }
}
