using System;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Health;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

public sealed class KernelWatchTests : IDisposable
{
    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-watch";

    public KernelWatchTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
        _ip.Batch(
            _namespace, ["link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up"]);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void A_burst_is_one_repair_or_few_what_is_of_no_concern_none_and_own_changes_do_not_loop()
    {
        int repairs = 0;
        using RouteNetlink netlink = LabNamespace.Run(_namespace, RouteNetlink.Open);
        var wanted = new Ipv4Route(
            Ipv4Prefix.Parse("10.9.9.0/24"), null, netlink.FindLink("eth0")!.Index, Metric: 0);
        using (KernelWatch watch = LabNamespace.Run(_namespace, () => KernelWatch.Open(
            NetlinkTopics.Routes,
            change => Ipv4Prefix.Parse("10.0.0.0/8").Contains(change.Destination.Address)
                && change.Port != netlink.Port,
            () =>
            {
                netlink.ReplaceRoute(wanted); // an event of our own each time
                Interlocked.Increment(ref repairs);
            },
            NullLogger.Instance, new HealthBoard(TimeProvider.System), new WorkTurns())))
        {
            watch.Start();
            _ip.Batch(_namespace, [.. Enumerable.Range(0, 200).Select(i => $"route add 192.168.{i}.0/24 dev eth0")]);
            _ip.Batch(_namespace, [.. Enumerable.Range(0, 200).Select(i => $"route add 10.0.{i}.0/24 dev eth0")]);
            Assert.True(
                Condition.Holds(
                    () => _ip.Run("-n", _namespace, "route", "show", "10.9.9.0/24").Contains(
                        "eth0", StringComparison.Ordinal),
                    TestLab.Patience,
                    TestContext.Current.CancellationToken),
                "nothing is repaired");
        }

        Assert.InRange(repairs, 1, 50); // 200 changes, and the repairs' own
    }

    [Fact]
    public void A_kernel_that_is_not_heard_of_any_longer_is_a_warning()
    {
        var health = new HealthBoard(TimeProvider.System);
        using KernelWatch watch = LabNamespace.Run(_namespace, () => KernelWatch.Open(
            NetlinkTopics.Routes,
            _ => throw new LinuxException("recvmsg", Errno.EBADF, "cannot read"),
            () => { },
            NullLogger.Instance, health, new WorkTurns()));
        watch.Start();
        _ip.Batch(_namespace, ["route add 10.9.9.0/24 dev eth0"]);
        Assert.True(
            Condition.Holds(
                () => health.ReadAll() is [{ Code.Name: "kernel-events-lost" }],
                TestLab.Patience,
                TestContext.Current.CancellationToken),
            "nobody is told");
    }
}
