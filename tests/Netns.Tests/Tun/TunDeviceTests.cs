using System;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Overlay.Tun;
using Xunit;

namespace Overlay.Netns.Tests.Tun;

public sealed class TunDeviceTests : IDisposable
{
    private const TunOffloads Tcp = TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpV6 | TunOffloads.TcpEcn;
    private const TunOffloads Udp = TunOffloads.Checksum | TunOffloads.UdpV4 | TunOffloads.UdpV6;

    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-tun";

    public TunDeviceTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void All_that_is_wanted_is_granted_by_a_kernel_that_knows_it()
    {
        using TunDevice device = Create(virtioNetHeader: true);

        Errno refusal = device.NegotiateOffloads(Tcp | Udp);

        if (!device.TakesUdpSuperpackets)
        {
            Assert.Equal((Tcp, Errno.EINVAL), (device.Offloads, refusal)); // before Linux 6.2: the step below
        }
        else
        {
            Assert.Equal((Tcp | Udp, Errno.None), (device.Offloads, refusal));
        }
    }

    [Theory]
    [InlineData(Tcp)]
    [InlineData(TunOffloads.Checksum)]
    [InlineData(TunOffloads.None)]
    public void No_more_is_taken_over_than_is_wanted(TunOffloads wanted)
    {
        using TunDevice device = Create(virtioNetHeader: true);

        Assert.Equal(Errno.None, device.NegotiateOffloads(wanted));

        Assert.Equal(wanted, device.Offloads);
    }

    [Fact]
    public void What_the_kernel_refuses_is_left_out_and_the_reason_reported()
    {
        using TunDevice device = Create(virtioNetHeader: true);

        // UDP in one family alone is what every kernel refuses.
        Errno refusal = device.NegotiateOffloads(Tcp | TunOffloads.UdpV4);

        Assert.Equal((Tcp, Errno.EINVAL), (device.Offloads, refusal));
    }

    [Fact]
    public void Several_queues_are_one_device_that_nobody_else_can_have()
    {
        using TunDevice device = Create(virtioNetHeader: true, queues: 2);

        Assert.Equal(2, device.Queues.Count);
        Assert.All(device.Queues, queue => Assert.True(queue.HasVirtioNetHeader));
        Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => Create(virtioNetHeader: true, queues: 2)).Errno);
        Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => Create(virtioNetHeader: true)).Errno);
        Assert.Equal(Errno.None, device.NegotiateOffloads(Tcp));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_device_goes_with_its_object_and_can_be_made_again(int queues)
    {
        Create(virtioNetHeader: false, queues).Dispose();

        Assert.False(_ip.TryRun("-n", _namespace, "link", "show", "t0").Succeeded);
        using TunDevice again = Create(virtioNetHeader: false, queues);
        Assert.True(_ip.TryRun("-n", _namespace, "link", "show", "t0").Succeeded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_device_that_is_down_has_nothing_to_read_and_takes_nothing(bool virtioNetHeader)
    {
        using TunDevice device = Create(virtioNetHeader);
        using var slab = new PinnedSlab(128);
        using var vectors = new IoVectors(slab, 2);
        slab.Slice(0, 128).Clear();
        slab.Slice(VirtioNetHeader.Bytes, 1)[0] = 0x45;
        vectors.Add(virtioNetHeader ? 0 : VirtioNetHeader.Bytes, virtioNetHeader ? VirtioNetHeader.Bytes + 20 : 20);

        Assert.Equal(Errno.EAGAIN, device.Queues[0].Read(new byte[64]).Errno);
        Assert.Equal(Errno.EIO, device.Queues[0].Write(vectors).Errno);
    }

    [Fact]
    public void A_superpacket_whose_header_contradicts_it_is_EINVAL()
    {
        using TunDevice device = Create(virtioNetHeader: true);
        _ip.Run("-n", _namespace, "link", "set", "t0", "up");
        using var slab = new PinnedSlab(256);
        using var vectors = new IoVectors(slab, 2);
        slab.Slice(0, 256).Clear();
        slab.Slice(VirtioNetHeader.Bytes, 1)[0] = 0x45;

        // The checksum's place lies beyond the packet (include/linux/virtio_net.h, virtio_net_hdr_to_skb).
        new VirtioNetHeader(true, false, SegmentationType.TcpV4, false, 40, 100, 200, 16)
            .Write(slab.Slice(0, VirtioNetHeader.Bytes));
        vectors.Add(0, VirtioNetHeader.Bytes);
        vectors.Add(VirtioNetHeader.Bytes, 60);

        Assert.Equal(Errno.EINVAL, device.Queues[0].Write(vectors).Errno);
    }

    private TunDevice Create(bool virtioNetHeader, int queues = 1) =>
        LabNamespace.Run(_namespace, () => TunDevice.Create("t0", virtioNetHeader, queues));
}
