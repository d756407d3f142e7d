using System;
using System.Threading;
using Overlay.Daemon.Status;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Status;

public sealed class DropReportTests
{
    [Fact]
    public void Drops_that_mean_trouble_are_said_once_with_the_kernels_reason_and_others_are_not()
    {
        using var rig = new InMemoryForwarder();
        Forwarder forwarder = rig.Forwarder;
        var log = new LineLog();
        var report = new DropReport(forwarder, log);
        report.Say();
        Assert.Empty(log.Lines);

        rig.Port.SendErrnos.Enqueue(Errno.EPERM);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM); // an error is tried once more: it may be an earlier datagram's
        rig.Tun.Put(Ipv4(OurPod, PeerPod));  // refused
        rig.Tun.Put(Ipv4(OurPod, Unleased)); // no route: the traffic's own affair
        forwarder.Start();
        Assert.True(SpinWait.SpinUntil(() => forwarder.Outbound.Dropped() == 2, TimeSpan.FromSeconds(10)));
        report.Say();
        report.Say();

        Assert.Equal(
            ["1 packets dropped in the last minute: send_refused; the kernel's latest refusal: EPERM (Operation not permitted) (overlay counters says more)"],
            log.Lines);
    }
}
