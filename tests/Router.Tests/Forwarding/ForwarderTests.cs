using System;
using System.Linq;
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
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(WorkerLayout.Duplex, 1, 0)]
    [InlineData(WorkerLayout.Pair, 1, 0)]
    [InlineData(WorkerLayout.Pipeline, 1, 0)]
    [InlineData(WorkerLayout.Duplex, 1, 200)]
    [InlineData(WorkerLayout.Pair, 1, 200)]
    [InlineData(WorkerLayout.Pipeline, 1, 200)]
    [InlineData(WorkerLayout.Duplex, 2, 0)]
    [InlineData(WorkerLayout.Pair, 2, 0)]
    [InlineData(WorkerLayout.Pipeline, 2, 0)]
    public void All_lanes_run_in_both_directions_until_disposed(WorkerLayout layout, int lanes, int spinMicroseconds)
    {
        const int Packets = 100;
        var rig = new InMemoryForwarder(layout, lanes, spinMicroseconds);
        Forwarder forwarder = rig.Forwarder;
        using (rig)
        {
            forwarder.Start();
            for (int i = 1; i <= Packets; i++)
            {
                foreach ((InMemoryTunQueue tun, InMemoryDatagramPort port) in rig.Tuns.Zip(rig.Ports))
                {
                    tun.Put(Ipv4(OurPod, PeerPod, id: (ushort)i));
                    port.Put(Ipv4(PeerPod, OurPod, id: (ushort)i), PeerAddress);
                }

                // One at a time: each finds its thread asleep, or about to be.
                Assert.True(SpinWait.SpinUntil(
                    () => forwarder.Outbound.ForwardedPackets == i * lanes
                        && forwarder.Inbound.ForwardedPackets == i * lanes, s_patience));
            }
        }

        Assert.All(
            rig.Ports,
            port => Assert.Equal(Enumerable.Range(1, Packets), port.Sent.Select(sent => (int)sent.Payload[5])));
        Assert.All(
            rig.Tuns,
            tun => Assert.Equal(Enumerable.Range(1, Packets), tun.Written.Select(packet => (int)packet[5])));
        Assert.False(forwarder.Fault.IsCompleted);
    }

    [Theory]
    [InlineData(WorkerLayout.Duplex)]
    [InlineData(WorkerLayout.Pair)]
    [InlineData(WorkerLayout.Pipeline)]
    public async Task A_device_that_is_gone_ends_its_direction_which_says_why(WorkerLayout layout)
    {
        using var rig = new InMemoryForwarder(layout, lanes: 2);
        rig.Tuns[1].ReadErrno = Errno.EBADFD;
        rig.Forwarder.Start();

        Exception fault = await rig.Forwarder.Fault.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(Errno.EBADFD, Assert.IsType<LinuxException>(fault).Errno);
        rig.Tun.Put(Ipv4(OurPod, PeerPod)); // the other lane goes on
        Assert.True(SpinWait.SpinUntil(() => rig.Forwarder.Outbound.ForwardedPackets == 1, s_patience));
    }

    [Theory]
    [InlineData(WorkerLayout.Duplex)]
    [InlineData(WorkerLayout.Pair)]
    [InlineData(WorkerLayout.Pipeline)]
    public async Task A_socket_that_only_fails_ends_its_direction_which_says_why(WorkerLayout layout)
    {
        using var rig = new InMemoryForwarder(layout);
        rig.Port.ReceiveErrno = Errno.EBADF;
        rig.Forwarder.Start();

        Exception fault = await rig.Forwarder.Fault.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(Errno.EBADF, Assert.IsType<LinuxException>(fault).Errno);
    }

    [Theory]
    [InlineData(WorkerLayout.Duplex)]
    [InlineData(WorkerLayout.Pair)]
    [InlineData(WorkerLayout.Pipeline)]
    public void A_forwarder_that_was_never_started_can_be_disposed_and_again(WorkerLayout layout)
    {
        var rig = new InMemoryForwarder(layout, lanes: 2);
        rig.Forwarder.Dispose();
        rig.Dispose();
        Assert.False(rig.Forwarder.Fault.IsCompleted);
    }
}
