using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Forwarding;

public sealed class ForwarderTests
{
    [Fact]
    public void Both_directions_run_until_disposed()
    {
        var tun = new InMemoryTunQueue();
        var port = new InMemoryDatagramPort();
        var cell = new RouteTableCell();
        cell.Publish(Table());
        using (var forwarder = new Forwarder(tun, port, cell, null, new ForwarderOptions(SourceCheck.Strict, 1472)))
        {
            forwarder.Start();
            tun.Put(Ipv4(OurPod, PeerPod));
            port.Put(Ipv4(PeerPod, OurPod), PeerAddress);
            Assert.True(SpinWait.SpinUntil(
                () => forwarder.Outbound.ForwardedPackets == 1 && forwarder.Inbound.ForwardedPackets == 1, TimeSpan.FromSeconds(10)));
        }

        Assert.Single(port.Sent);
        Assert.Single(tun.Written);
    }

    [Fact]
    public async Task A_direction_that_ends_by_itself_says_why()
    {
        var tun = new InMemoryTunQueue { ReadErrno = Errno.EBADFD };
        using var forwarder = new Forwarder(
            tun, new InMemoryDatagramPort(), new RouteTableCell(), null, new ForwarderOptions(SourceCheck.Strict, 1472));
        forwarder.Start();

        Exception fault = await forwarder.Fault.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(Errno.EBADFD, Assert.IsType<LinuxException>(fault).Errno);
    }

    [Fact]
    public void A_forwarder_that_was_never_started_can_be_disposed()
    {
        var forwarder = new Forwarder(
            new InMemoryTunQueue(), new InMemoryDatagramPort(), new RouteTableCell(), null, new ForwarderOptions(SourceCheck.Strict, 1472));
        forwarder.Dispose();
        Assert.False(forwarder.Fault.IsCompleted);
    }
}
