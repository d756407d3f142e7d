using System;
using System.Net;
using System.Net.Sockets;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.IcmpErrors;

/// <summary>
/// The ICMP errors of the daemon reach whoever sent the packet, which stock's never do (a martian source).
/// </summary>
public sealed class IcmpDeliveryTests : LabTest
{
    private const string Nowhere = "10.244.250.9"; // inside the network, beyond every lease

    [Fact]
    public void Net_unreachable_arrives_at_pod_and_host_from_the_address_nearest_to_each_and_is_counted()
    {
        TestLab lab = BringUp();

        CommandResult fromPod = Ping(lab, lab.Host(1).PodNamespace, Nowhere);
        CommandResult fromHost = Ping(lab, lab.Host(1).HostNamespace, Nowhere);

        Assert.False(fromPod.Succeeded);
        Assert.False(fromHost.Succeeded);
        Assert.Contains(
            $"From {lab.Gateway(1)} icmp_seq=1 Destination Net Unreachable", fromPod.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"From {lab.Tunnel(1)} icmp_seq=1 Destination Net Unreachable", fromHost.Output, StringComparison.Ordinal);
        DirectionReport outbound = lab.Counters(1).Outbound;
        Assert.Equal(2, outbound.Drops["no_route"]);
        Assert.Equal(2, outbound.Events["icmp_sent"]);
        Assert.Single(outbound.Drops);
    }

    [Fact]
    public void A_sockets_own_call_reports_net_unreachable()
    {
        TestLab lab = BringUp();
        using Socket udp = NamespaceSocket.Udp(lab.Host(1).PodNamespace);
        udp.ReportErrors(); // without it the kernel takes a network unreachable for passing
        udp.ReceiveTimeout = (int)TestLab.Patience.TotalMilliseconds;
        udp.Connect(IPAddress.Parse(Nowhere), 9);
        using Socket tcp = NamespaceSocket.Tcp(lab.Host(1).HostNamespace);

        _ = udp.Send([1]);

        Assert.Equal(
            SocketError.NetworkUnreachable,
            Assert.Throws<SocketException>(() => udp.Receive(new byte[16])).SocketErrorCode);
        Assert.Equal(
            SocketError.NetworkUnreachable,
            Assert.Throws<SocketException>(() => tcp.Connect(IPAddress.Parse(Nowhere), 9)).SocketErrorCode);
    }

    [Fact]
    public void Time_exceeded_arrives_from_the_near_host_and_from_the_far_host_and_is_counted()
    {
        TestLab lab = BringUp();

        // The pod's kernel sends N, the near host's kernel leaves N - 1 and its daemon N - 2; the far daemon needs 2.
        CommandResult near = Ping(lab, lab.Host(1).PodNamespace, lab.Pod(2).ToString(), "-t", "2");
        CommandResult far = Ping(lab, lab.Host(1).PodNamespace, lab.Pod(2).ToString(), "-t", "3");
        CommandResult beyond = Ping(lab, lab.Host(1).PodNamespace, lab.Pod(2).ToString(), "-t", "5");

        Assert.Contains(
            $"From {lab.Gateway(1)} icmp_seq=1 Time to live exceeded", near.Output, StringComparison.Ordinal);
        Assert.Contains($"From {lab.Tunnel(2)} icmp_seq=1 Time to live exceeded", far.Output, StringComparison.Ordinal);
        Assert.True(beyond.Succeeded, beyond.Output);
        Assert.All([lab.Counters(1).Outbound, lab.Counters(2).Inbound], direction =>
        {
            Assert.Equal(1, direction.Drops["ttl_expired"]);
            Assert.Equal(1, direction.Events["icmp_sent"]);
        });
    }

    private TestLab BringUp()
    {
        Prerequisites.Require(("ping", "iputils-ping"));
        TestLab lab = NewLab(2);
        _ = lab.BringUp(1, 2);
        return lab;
    }

    private static CommandResult Ping(TestLab lab, string from, string to, params string[] options) =>
        lab.Run(from, ["ping", "-n", "-c", "1", "-W", "60", .. options, to]);
}
