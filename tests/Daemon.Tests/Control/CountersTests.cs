using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Daemon.Backends.Udp;
using Overlay.Terminal;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Control;

public sealed class CountersTests : IDisposable
{
    private const string Answer = """
        {"outbound":{"packets":7,"bytes":588,"drops":{"no_route":1,"ttl_expired":2},"events":{}},
        "inbound":{"packets":2,"bytes":168,"drops":{"ttl_expired":3},"events":{}},"drops":{},"routes":1,"peers":1,
        "accelerations":{"mmsg":"on"},"paths":[]}
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-counters");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task The_socket_answers_each_client_with_the_counters_of_the_moment()
    {
        using var rig = new InMemoryForwarder();
        rig.Forwarder.Start();
        await using ControlServer server = Listen(() => ForwarderReport.Of(rig.Forwarder, rig.Routes.Current).ToJson());

        Assert.Empty((await ReadAsync()).Drops);
        rig.Tun.Put(Ipv4(OurPod, PeerPod));
        rig.Tun.Put(Ipv4(OurPod, Unleased));
        CountersReport report = await ReadAsync();
        for (long began = Environment.TickCount64; // a peer's packets are counted after the direction's
            (report.Drops.Count + report.Outbound.Packets < 2 || report.PerPeer is not [{ OutboundPackets: 1 }])
            && Environment.TickCount64 - began < 60_000;)
        {
            report = await ReadAsync();
        }

        Assert.Equal(1, report.Outbound.Packets);
        Assert.Equal(40, report.Outbound.Bytes);
        Assert.Equal(new PeerReport(PeerAddress.ToString(), 1, 40, 0, 0), Assert.Single(report.PerPeer!));
        Assert.Contains($"peer      {PeerAddress} 1 packets, 40 bytes out, 0 packets, 0 bytes in", report.ToTable());
        Assert.Equal(("no_route", 1L), (report.Drops.Single().Key, report.Drops.Single().Value));
        Assert.Equal(2, report.Routes);
        Assert.Contains("no_route 1", report.ToTable());
    }

    [Fact]
    public void What_the_kernel_dropped_is_shown_in_both_forms_and_what_it_does_not_tell_is_left_out()
    {
        using var rig = new InMemoryForwarder();
        string json = ForwarderReport.Of(
            rig.Forwarder, rig.Routes.Current, new KernelReport(TunQueueFull: 7, SocketBufferFull: 9)).ToJson();

        Assert.Contains("\"kernel\":{\"tunQueueFull\":7,\"socketBufferFull\":9}", json);
        Assert.Contains(
            "tunQueueFull 7, tunReceiveDropped unknown, socketBufferFull 9", CountersReport.Parse(json).ToTable());
        Assert.Null(CountersReport.Parse(Answer).Kernel);
    }

    [Fact]
    public void Where_the_kernel_forwards_no_counters_are_made_up_and_leases_of_other_backends_are_named()
    {
        var udp = CountersReport.Parse(Answer);
        string shared = CountersReport.Parse((udp with
        {
            KernelForwarding = new KernelForwardingReport("eth0", IsCounted: false),
            LeftOut = new Dictionary<string, string> { ["10.244.9.0/24"] = "vxlan" },
        }).ToJson()).ToTable();
        string own = (udp with { KernelForwarding = new KernelForwardingReport("flannel.1", true, 3, 4) })
            .ToTable();

        Assert.StartsWith(
            "routes    1 to 1 peers\nleft out  10.244.9.0/24, whose backend is vxlan\nforwarding by the kernel, which "
                + "does not count it apart from what else eth0 carries (ip -s link show eth0)",
            shared,
            StringComparison.Ordinal);
        Assert.DoesNotContain("outbound", shared, StringComparison.Ordinal);
        Assert.Contains(
            "forwarding by the kernel through flannel.1, which has dropped 3 out and 4 in; its packets are:\n"
                + "outbound  7 packets",
            own);
        Assert.DoesNotContain("by the kernel", udp.ToTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_fallback_the_way_of_every_peer_is_shown_in_both_forms()
    {
        var udp = CountersReport.Parse(Answer);
        var fallback = new FallbackReport(
            "flannel.1", 9, 900, 8, 800,
            [new PeerWayReport("172.16.0.4", "vxlan"), new PeerWayReport("172.16.0.5", "udp", "no answer by VXLAN")]);
        string broken = CountersReport.Parse(
            (udp with { Fallback = fallback with { Failure = "it is down" } }).ToJson()).ToTable();
        string json = (udp with { Fallback = fallback }).ToJson();

        Assert.StartsWith(
            "routes    1 to 1 peers\nvxlan     flannel.1, 9 packets out and 8 in, not there: it is down\n"
                + "  peer    172.16.0.4 vxlan\n  peer    172.16.0.5 udp: no answer by VXLAN\noutbound  7 packets",
            broken,
            StringComparison.Ordinal);
        Assert.Contains("""{"peer":"172.16.0.4","way":"vxlan"}""", json, StringComparison.Ordinal);
        Assert.Contains("8 in\n", CountersReport.Parse(json).ToTable(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_earlier_daemon_left_is_replaced_and_a_stop_removes_the_socket()
    {
        string path = Path.Combine(_directory.FullName, "overlay.sock");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(path)); // as by a daemon that was killed: its name stays
            File.Move(path, $"{path}.left");
        }

        File.Move($"{path}.left", path); // the base library removes a name with its socket
        await using (Listen(() => Answer))
        {
            Assert.Equal(7, (await ReadAsync()).Outbound.Packets);
        }

        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"outbound\":")]
    [InlineData("hello")]
    public async Task An_answer_that_is_cut_short_or_something_else_ends_in_one_line(string answer)
    {
        await using (Listen(() => answer))
        {
            Assert.DoesNotContain('\n', (await Assert.ThrowsAsync<OperatorException>(ReadAsync)).Message);
        }
    }

    [Fact]
    public void Drops_are_added_up_by_reason()
    {
        var report = CountersReport.Parse(Answer);
        Assert.Equal(
            "[no_route, 1] [ttl_expired, 5]",
            string.Join(' ', CountersReport.SumDrops([report.Outbound.Drops, report.Inbound.Drops])));
    }

    [Fact]
    public async Task Without_a_daemon_the_question_ends_in_one_line()
    {
        OperatorException refusal = await Assert.ThrowsAsync<NoDaemonException>(
            () => ControlClient.ReadCountersAsync(_directory.FullName, TestContext.Current.CancellationToken));

        Assert.Contains("start one (overlay run)", refusal.Message);
    }

    private ControlServer Listen(Func<string> report) => ControlServer.Listen(
        _directory.FullName,
        new Dictionary<string, ControlHandler>
        {
            [ControlCommands.Counters] = (answer, cancellation) => answer.WriteAsync(report(), cancellation),
        });

    private async Task<CountersReport> ReadAsync() =>
        await ControlClient.ReadCountersAsync(_directory.FullName, TestContext.Current.CancellationToken);
}
