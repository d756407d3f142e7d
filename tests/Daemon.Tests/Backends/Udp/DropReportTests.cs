using System;
using System.Threading;
using Overlay.Daemon.Backends.Udp;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class DropReportTests
{
    [Fact]
    public void Drops_that_mean_trouble_are_reported_once_with_the_kernels_reason_and_others_are_not()
    {
        using var rig = new InMemoryForwarder();
        Forwarder forwarder = rig.Forwarder;
        var log = new LineLog();
        var report = new DropReport(forwarder, log);
        report.LogGrowth();
        Assert.Empty(log.Lines);

        rig.Port.SendErrnos.Enqueue(Errno.EPERM);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM); // an error is tried once more: it may be an earlier datagram's
        rig.Tun.Put(Ipv4(OurPod, PeerPod));  // refused
        rig.Tun.Put(Ipv4(OurPod, Unleased)); // no route: the traffic's own affair
        forwarder.Start();
        Assert.True(SpinWait.SpinUntil(() => forwarder.Outbound.Dropped() == 2, TimeSpan.FromSeconds(60)));
        report.LogGrowth();
        report.LogGrowth();

        Assert.Equal(
            ["1 packets dropped in the last minute: send_refused; the kernel's latest refusal: EPERM (Operation not "
                + "permitted) (overlay counters says more)"],
            log.Lines);
    }

    [Fact]
    public void A_refusal_is_named_with_the_drops_it_explains_and_with_no_others()
    {
        using var rig = new InMemoryForwarder();
        Forwarder forwarder = rig.Forwarder;
        var log = new LineLog();
        var report = new DropReport(forwarder, log);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM);
        rig.Tun.Put(Ipv4(OurPod, PeerPod));                    // refused by a firewall
        rig.Tun.WriteErrno = Errno.EIO;
        rig.Port.Put(Ipv4(PeerPod, OurPod), PeerAddress);      // refused by a device that is down
        rig.Port.Put(Ipv4(PeerPod, OurPod), OtherPeerAddress); // our own verdict
        forwarder.Start();
        Assert.True(SpinWait.SpinUntil(
            () => forwarder.Outbound.Dropped() == 1 && forwarder.Inbound.Dropped() == 2, TimeSpan.FromSeconds(60)));
        report.LogGrowth();

        Assert.Equal(
            [
                "1 packets dropped in the last minute: send_refused; the kernel's latest refusal: EPERM (Operation "
                    + "not permitted) (overlay counters says more)",
                "1 packets dropped in the last minute: spoofed_source (overlay counters says more)",
                "1 packets dropped in the last minute: tun_refused; the kernel's latest refusal: EIO (Input/output "
                    + "error) (overlay counters says more)",
            ],
            log.Lines);
    }
}
