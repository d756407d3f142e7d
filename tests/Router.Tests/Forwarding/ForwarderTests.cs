using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Forwarding;
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
        var rig = new InMemoryForwarder();
        Forwarder forwarder = rig.Forwarder;
        using (rig)
        {
            forwarder.Start();
            rig.Tun.Put(Ipv4(OurPod, PeerPod));
            rig.Port.Put(Ipv4(PeerPod, OurPod), PeerAddress);
            Assert.True(SpinWait.SpinUntil(
                () => forwarder.Outbound.ForwardedPackets == 1 && forwarder.Inbound.ForwardedPackets == 1, TimeSpan.FromSeconds(10)));
        }

        Assert.Single(rig.Port.Sent);
        Assert.Single(rig.Tun.Written);
    }

    [Fact]
    public async Task A_direction_that_ends_by_itself_says_why()
    {
        using var rig = new InMemoryForwarder();
        rig.Tun.ReadErrno = Errno.EBADFD;
        rig.Forwarder.Start();

        Exception fault = await rig.Forwarder.Fault.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(Errno.EBADFD, Assert.IsType<LinuxException>(fault).Errno);
    }

    [Fact]
    public void A_forwarder_that_was_never_started_can_be_disposed()
    {
        var rig = new InMemoryForwarder();
        rig.Dispose();
        Assert.False(rig.Forwarder.Fault.IsCompleted);
    }
}
