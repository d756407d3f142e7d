using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Workers;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Forwarding;

/// <summary>System calls for several messages that the kernel or a filter does not let through.</summary>
public abstract class SystemCallFaultTests(RigEngine engine)
{
    [Theory]
    [InlineData(Errno.ENOSYS)]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.EINVAL)]
    public void Receiving_several_messages_that_is_refused_is_not_tried_again_and_nothing_is_lost(Errno errno)
    {
        using var rig = new Rig(engine);
        rig.Port.ReceiveManyErrno = errno;
        for (int i = 0; i < 10; i++)
        {
            rig.Port.Put(Ipv4(PeerPod, OurPod, id: (ushort)i), PeerAddress);
        }

        rig.Drain();
        Assert.Equal(Enumerable.Range(0, 10), rig.Tun.Written.Select(packet => (int)packet[5]));
        Assert.Equal(1, rig.Inbound.Seen(CountedEvent.ReceiveFailed));
        Assert.Equal(AccelerationState.SwitchedOff, rig.Accelerations.StateOf(Acceleration.Mmsg));
        Assert.Equal(errno, rig.Accelerations.ReasonOf(Acceleration.Mmsg));
    }

    [Theory]
    [InlineData(Errno.ENOSYS)]
    [InlineData(Errno.EPERM)]
    public void Sending_several_messages_that_is_refused_is_not_tried_again_and_nothing_is_lost(Errno errno)
    {
        using var rig = new Rig(engine);
        rig.Port.SendManyErrno = errno;
        byte[][] packets = [.. Enumerable.Range(0, 10)
            .Select(i => Ipv4(OurPod, i % 2 == 0 ? PeerPod : OtherPeerPod, id: (ushort)i))];
        rig.Send(packets);

        Assert.Equal(Enumerable.Range(0, 10), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(Enumerable.Repeat(1, 10), rig.Port.MessagesPerCall);
        Assert.Equal(0, rig.Outbound.Dropped());
        Assert.Equal(errno, rig.Outbound.LastRefusal);
        Assert.Equal(AccelerationState.SwitchedOff, rig.Accelerations.StateOf(Acceleration.Mmsg));
        Assert.Equal(errno, rig.Accelerations.ReasonOf(Acceleration.Mmsg));
    }

    [Fact]
    public void A_firewall_that_refuses_now_and_then_costs_no_batches()
    {
        using var rig = new Rig(engine);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM);
        rig.Port.SendErrnos.Enqueue(Errno.EPERM); // an error is tried once more: it may be an earlier datagram's
        rig.Send(Ipv4(OurPod, PeerPod), Ipv4(OurPod, OtherPeerPod), Ipv4(OurPod, PeerPod));

        Assert.Equal([2], rig.Port.MessagesPerCall);
        Assert.Equal(1, rig.Outbound.Dropped(DropReason.SendRefused));
        Assert.True(rig.Accelerations.IsOn(Acceleration.Mmsg));
    }

    [Fact]
    public void A_firewall_that_refuses_one_peer_does_not_cost_the_others_their_batches()
    {
        using var rig = new Rig(engine);
        rig.Port.Refuse = (destination, _) => destination == PeerAddress ? Errno.EPERM : Errno.None;
        rig.Send(Ipv4(OurPod, PeerPod), Ipv4(OurPod, OtherPeerPod), Ipv4(OurPod, PeerPod), Ipv4(OurPod, OtherPeerPod));

        Assert.Equal(2, rig.Port.Sent.Count);
        Assert.Equal(2, rig.Outbound.Dropped(DropReason.SendRefused));
        Assert.True(rig.Accelerations.IsOn(Acceleration.Mmsg));
    }
}

public sealed class BatchSystemCallFaultTests() : SystemCallFaultTests(RigEngine.Batch);

public sealed class OffloadSystemCallFaultTests() : SystemCallFaultTests(RigEngine.Offload);
