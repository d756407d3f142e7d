using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Workers;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Outbound;

/// <summary>Reads of the TUN that fail: a lost packet is not a lost device.</summary>
public abstract class TunReadFaultTests(RigEngine engine)
{
    [Theory]
    [InlineData(Errno.EBADFD)]
    [InlineData(Errno.EBADF)]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.ENODEV)]
    public void A_device_that_is_gone_ends_the_direction_with_a_remedy(Errno errno)
    {
        using var rig = new Rig(engine);
        rig.Tun.ReadErrno = errno;

        LinuxException gone = Assert.Throws<LinuxException>(() => rig.Send());
        Assert.Equal(errno, gone.Errno);
        Assert.Contains("deleted", gone.Message);
        Assert.Contains("restart", gone.Message);
    }

    [Theory]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.ENOMEM)]
    public void One_packet_that_cannot_be_read_is_counted_and_the_others_go(Errno errno)
    {
        using var rig = new Rig(engine);
        rig.Tun.ReadErrnos.Enqueue(errno);
        rig.Tun.ReadErrnos.Enqueue(Errno.None);
        rig.Tun.ReadErrnos.Enqueue(errno);
        rig.Send([.. Enumerable.Range(0, 5).Select(i => Ipv4(OurPod, PeerPod, id: (ushort)i))]);

        Assert.Equal(Enumerable.Range(0, 5), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(2, rig.Outbound.Seen(CountedEvent.ReadFailed));
        Assert.Equal(errno, rig.Outbound.LastRefusal);
        Assert.Null(rig.Tun.Offloads);
    }

    [Fact]
    public void A_device_that_only_fails_ends_the_direction_instead_of_spinning()
    {
        using var rig = new Rig(engine);
        rig.Tun.ReadErrno = Errno.EIO;

        LinuxException refused = Assert.Throws<LinuxException>(() => rig.Send());
        Assert.Equal(Errno.EIO, refused.Errno);
        Assert.Equal(101, rig.Outbound.Seen(CountedEvent.ReadFailed));
    }

    [Fact]
    public void Superpackets_that_the_kernel_cannot_describe_are_not_asked_for_any_more()
    {
        using var rig = new Rig(engine);
        bool hasSuperpackets = rig.Accelerations.IsOn(Acceleration.TunTso);
        for (int i = 0; i < 8; i++)
        {
            Assert.Null(rig.Tun.Offloads);
            rig.Tun.ReadErrnos.Enqueue(Errno.EINVAL);
            rig.Send(Ipv4(OurPod, PeerPod)); // a flow's acknowledgements go on: the failures are not in a row
        }

        Assert.Equal(8, rig.Port.Sent.Count);
        Assert.Equal(hasSuperpackets ? TunOffloads.Checksum : null, rig.Tun.Offloads);
        AccelerationState expected = hasSuperpackets ? AccelerationState.SwitchedOff : AccelerationState.Off;
        Assert.Equal(expected, rig.Accelerations.StateOf(Acceleration.TunTso));
        Assert.Equal(expected, rig.Accelerations.StateOf(Acceleration.TunUso));
        Assert.Equal(hasSuperpackets ? Errno.EINVAL : Errno.None, rig.Accelerations.ReasonOf(Acceleration.TunTso));
    }
}

public sealed class ClassicTunReadFaultTests() : TunReadFaultTests(RigEngine.Classic);

public sealed class BatchTunReadFaultTests() : TunReadFaultTests(RigEngine.Batch);

public sealed class OffloadTunReadFaultTests() : TunReadFaultTests(RigEngine.Offload);

public sealed class PipelineTunReadFaultTests() : TunReadFaultTests(RigEngine.Pipeline);
