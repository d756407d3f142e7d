using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Net;
using Xunit;

namespace Overlay.Linux.Tests;

/// <summary>
/// What the network says of datagrams sent earlier (IP_RECVERR), and what the kernel knows of paths.
/// <code>
/// namespace A                     router
///   a0 10.1.0.1/24 ══ veth ══ b0 10.1.0.254/24, c0 10.2.0.254/24 MTU 1300 ══ nobody
/// </code>
/// </summary>
public sealed class UdpErrorReportTests : IDisposable
{
    private const ushort Ours = 7001, Closed = 7009;
    private static readonly Ipv4Address s_second = Ipv4Address.Parse("127.0.0.2");
    private static readonly Ipv4Address s_behindTheRouter = Ipv4Address.Parse("10.2.0.5");

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly Loopback _lo = new();

    public void Dispose() => _lo.Dispose();

    [Fact]
    public void A_closed_port_is_reported_with_the_address_and_wakes_the_waiter_until_the_report_is_taken()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        Assert.True(socket.SetErrorReports(true).Succeeded);

        Send(socket, s_second, 10);

        Assert.True(Waits(socket), "no error to report");
        Assert.True(socket.TryReadError(out DatagramError error));
        Assert.Equal(
            new DatagramError(s_second, Errno.ECONNREFUSED, 0, IcmpType: 3, IcmpCode: 3) { Offender = s_second },
            error);
        Assert.False(socket.TryReadError(out _));
        using var stop = new EventSignal();
        stop.Set();
        Assert.False(Readiness.WaitReadable(stop, socket.Descriptor));
    }

    [Fact]
    public void A_report_fails_one_call_and_stays_in_the_queue()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(socket.SetErrorReports(true).Succeeded);

        Send(socket, s_second, 10);

        Assert.True(Waits(socket), "no error to report");
        Assert.Equal(Errno.ECONNREFUSED, socket.Receive(arrived, 1).Errno);
        Assert.Equal(Errno.EAGAIN, socket.Receive(arrived, 1).Errno);
        Assert.True(Waits(socket), "the report went with the failed call");
        Assert.True(socket.TryReadError(out DatagramError error));
        Assert.Equal(s_second, error.Destination);
    }

    [Fact]
    public void Of_several_reports_each_one_taken_fails_the_next_call_until_the_last_is_taken()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(socket.SetErrorReports(true).Succeeded);
        _lo.Inside.Namespace.Run(() => File.WriteAllText("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
        const int Reports = 4;
        for (int sent = 0; sent < Reports;)
        {
            // The report of the one before fails a send.
            sent += TrySend(socket, s_second, 10).Succeeded ? 1 : 0;
        }

        Assert.Equal(Errno.ECONNREFUSED, socket.Receive(arrived, 1).Errno);
        for (int left = Reports - 1; left >= 0; left--)
        {
            Assert.True(socket.TryReadError(out DatagramError error));
            Assert.False(error.IsLocal);
            Assert.Equal(left == 0 ? Errno.EAGAIN : Errno.ECONNREFUSED, socket.Receive(arrived, 1).Errno);
        }
    }

    [Fact]
    public void What_this_kernel_refuses_at_once_is_reported_too_and_fails_no_other_call()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(socket.SetErrorReports(true).Succeeded);
        _lo.Inside.Ip("link set lo mtu 1300");
        socket.SetFragmentation(false);

        Assert.Equal(Errno.EMSGSIZE, TrySend(socket, s_second, 1400).Errno);
        Assert.Equal(Errno.EAGAIN, socket.Receive(arrived, 1).Errno);
        Assert.Equal(Errno.EMSGSIZE, TrySend(socket, s_second, 1400).Errno);
        Assert.True(socket.TryReadError(out DatagramError error));
        Assert.Equal(new DatagramError(s_second, Errno.EMSGSIZE, 1300, IsLocal: true), error);
        Assert.Equal(Errno.EAGAIN, socket.Receive(arrived, 1).Errno);
        Assert.True(socket.TryReadError(out _));
        Assert.False(socket.TryReadError(out _));
    }

    [Fact]
    public void Without_reports_a_closed_port_is_no_news()
    {
        using UdpSocket socket = _lo.Bind(Ours);
        using ReceiveBatch arrived = _lo.NewReceiveBatch();
        Assert.True(socket.SetErrorReports(true).Succeeded);
        Assert.True(socket.SetErrorReports(false).Succeeded);

        Send(socket, s_second, 10);

        // The kernel counts the answer before it looks for the socket that it concerns (net/ipv4/icmp.c, icmp_rcv).
        Assert.True(SpinWait.SpinUntil(() => UnreachablesReceived() == 1, s_deadline), "no answer");
        Assert.False(socket.TryReadError(out _));
        Assert.Equal(Errno.EAGAIN, socket.Receive(arrived, 1).Errno);
    }

    [Fact]
    public void A_wait_that_is_stopped_reports_no_error_and_a_datagram_is_none_either()
    {
        using UdpSocket sender = _lo.Bind(Ours);
        using UdpSocket receiver = _lo.Bind(Closed);
        using var stop = new EventSignal();

        Send(sender, Ipv4Address.Loopback, 10);
        Assert.False(Readiness.WaitReadable(stop, receiver.Descriptor));
        stop.Set();
        Assert.False(Readiness.WaitReadable(stop, sender.Descriptor, receiver.Descriptor));
    }

    [Fact]
    public void The_path_MTU_is_the_devices_or_the_routes_and_0_without_a_route()
    {
        _lo.Inside.IpBatch("""
            link set lo mtu 9000
            link add a0 type veth peer name b0
            link set b0 up
            address add 10.1.0.1/24 dev a0
            link set a0 up
            route add 10.3.0.0/24 via 10.1.0.2 mtu 1300
            route add 10.4.0.0/24 via 10.1.0.2 mtu lock 1400

            """);

        Assert.Equal(9000, PathMtu("127.0.0.1"));
        Assert.Equal(1500, PathMtu("10.1.0.2"));
        Assert.Equal(1300, PathMtu("10.3.0.1"));
        Assert.Equal(1400, PathMtu("10.4.0.1"));
        Assert.Equal(0, PathMtu("8.8.8.8"));
    }

    [Fact]
    public void The_path_MTU_is_that_of_the_route_for_the_source_and_is_asked_for_again_when_routes_have_changed()
    {
        _lo.Inside.IpBatch("""
            link add a0 type veth peer name b0
            link set b0 up
            address add 10.1.0.1/24 dev a0
            address add 10.1.0.9/24 dev a0
            link set a0 up
            route add 10.3.0.0/24 via 10.1.0.2
            route add 10.3.0.0/24 via 10.1.0.2 mtu 1300 table 100
            rule add from 10.1.0.9 lookup 100

            """);
        Assert.Equal(1500, PathMtu("10.3.0.1", source: "10.1.0.1"));
        Assert.Equal(1300, PathMtu("10.3.0.1", source: "10.1.0.9"));

        using PathMtuSocket socket = _lo.Inside.Namespace.Run(() => PathMtuSocket.Open(Ipv4Address.Parse("10.1.0.9")));
        Assert.Equal(1300, socket.Find(Ipv4Address.Parse("10.3.0.1"), Closed));
        _lo.Inside.Ip("route replace 10.3.0.0/24 via 10.1.0.2 mtu 1400 table 100");
        Assert.Equal(1400, socket.Find(Ipv4Address.Parse("10.3.0.1"), Closed));
        _lo.Inside.Ip("route add blackhole 10.5.0.0/24 table 100");
        Assert.Equal(0, socket.Find(Ipv4Address.Parse("10.5.0.1"), Closed));
        Assert.Equal(1400, socket.Find(Ipv4Address.Parse("10.3.0.1"), Closed));
    }

    [Fact]
    public void A_routers_fragmentation_needed_is_reported_with_its_MTU_and_the_kernel_remembers_it()
    {
        using var router = new TemporaryNamespace();
        _lo.Inside.IpBatch($"""
            link add a0 type veth peer name b0 netns {router.Name}
            address add 10.1.0.1/24 dev a0
            link set a0 up
            route add default via 10.1.0.254

            """);
        router.IpBatch("""
            address add 10.1.0.254/24 dev b0
            link set b0 up
            link add c0 mtu 1300 type veth peer name d0
            address add 10.2.0.254/24 dev c0
            link set c0 up
            link set d0 up

            """);
        router.Namespace.Run(() => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1"));
        using UdpSocket socket = _lo.Bind(Ours, address: default(Ipv4Address));
        Assert.True(socket.SetErrorReports(true).Succeeded);
        Assert.Equal(1500, PathMtu("10.2.0.5"));

        Send(socket, s_behindTheRouter, 1400);

        Assert.True(Waits(socket), "no error to report");
        Assert.True(socket.TryReadError(out DatagramError error));
        Assert.Equal(
            new DatagramError(s_behindTheRouter, Errno.EMSGSIZE, 1300, IcmpType: 3, IcmpCode: 4)
            {
                Offender = Ipv4Address.Parse("10.1.0.254"), // the router
            },
            error);
        Assert.Equal(1300, PathMtu("10.2.0.5"));
        Assert.False(socket.TryReadError(out _));
    }

    private int PathMtu(string address, string source = "0.0.0.0")
    {
        using PathMtuSocket socket = _lo.Inside.Namespace.Run(() => PathMtuSocket.Open(Ipv4Address.Parse(source)));
        return socket.Find(Ipv4Address.Parse(address), Closed);
    }

    // proc_net(5): a line with the names, then one with the values.
    private long UnreachablesReceived()
    {
        string[][] icmp = [.. _lo.Inside.Namespace.Run(() => File.ReadAllLines("/proc/thread-self/net/snmp"))
            .Where(line => line.StartsWith("Icmp: ", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return long.Parse(icmp[1][Array.IndexOf(icmp[0], "InDestUnreachs")], CultureInfo.InvariantCulture);
    }

    private void Send(UdpSocket socket, Ipv4Address address, int bytes) =>
        Assert.Equal(1, TrySend(socket, address, bytes).Count);

    private SyscallResult TrySend(UdpSocket socket, Ipv4Address address, int bytes)
    {
        using SendBatch batch = _lo.NewSendBatch();
        batch.Begin(address, Closed);
        batch.Add(0, bytes);
        return socket.Send(batch, 0, 1);
    }

    // WaitReadable has no time limit: a wait that would not end is stopped, and then has nothing to report.
    private static bool Waits(UdpSocket socket)
    {
        using var stop = new EventSignal();
        using var timer = new Timer(_ => stop.Set(), null, s_deadline, Timeout.InfiniteTimeSpan);
        bool hasError = Readiness.WaitReadable(stop, socket.Descriptor);
        using var stopped = new ManualResetEvent(false);
        _ = timer.Dispose(stopped);
        stopped.WaitOne(); // the signal outlives whoever may set it
        return hasError;
    }
}
