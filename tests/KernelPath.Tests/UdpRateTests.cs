using System;
using System.Linq;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.KernelPath.Tests;

/// <summary>Which way UDP takes to a peer that is reached.</summary>
public sealed class UdpRateTests : IDisposable
{
    private static readonly byte[] s_udp = UdpPacket(Overlays.OurPod, Overlays.PeerPod, 1000, 2000, new byte[30]);

    private readonly OutboundRig _rig = new(24);
    private readonly PeerSlot _peer;

    public UdpRateTests()
    {
        RouteTable table = Overlays.Table();
        _rig.Slots.Add(table, [new KernelPeer(Overlays.PeerAddress, 1400)]);
        _peer = _rig.Slots.Peers.Single();
    }

    private PeerState State => _rig.Maps.States.Find<uint, PeerState>(_peer.Slot) ?? default;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Udp_leaves_by_the_kernel_until_it_is_busy_and_again_when_it_has_been_quiet()
    {
        SetState(default);
        Assert.True(_rig.Send(s_udp).HasLeft);
        Assert.Equal(1ul, State.UdpWindowPackets);
        Assert.InRange(State.UdpWindowStart, 1ul, MonotonicClock.Nanoseconds);

        SetState(new PeerState(0, 0, 0, UdpBusyUntil: ulong.MaxValue, 0, 0));
        Assert.False(_rig.Send(s_udp).HasLeft);
        Assert.True(_rig.Send(Ipv4(Overlays.OurPod, Overlays.PeerPod, protocol: Icmp)).HasLeft);
        Assert.True(_rig.Send(TcpPacket(Overlays.OurPod, Overlays.PeerPod, 1, 2, 3, 4, 0x10, [5])).HasLeft);

        SetState(new PeerState(0, 0, 0, UdpBusyUntil: MonotonicClock.Nanoseconds, 0, 0));
        Assert.True(_rig.Send(s_udp).HasLeft);
    }

    [Fact]
    public void The_first_packet_that_a_window_has_no_room_for_makes_it_busy()
    {
        // Again where the window was over before the packet came.
        PeerState state = TestHost.Await(
            () =>
            {
                SetState(new PeerState(
                    0, 0, 0, 0, MonotonicClock.Nanoseconds, EncapsulationProgram.MostUdpPackets));
                return _rig.Send(s_udp).HasLeft ? null : (object)State;
            },
            "UDP is never busy") as PeerState? ?? default;

        Assert.Equal(EncapsulationProgram.MostUdpPackets + 1ul, state.UdpWindowPackets);
        Assert.InRange(
            state.UdpBusyUntil, MonotonicClock.Nanoseconds - EncapsulationProgram.UdpQuietNanoseconds,
            MonotonicClock.Nanoseconds + EncapsulationProgram.UdpQuietNanoseconds);
    }

    [Fact]
    public void A_flow_that_goes_on_stays_with_user_space_until_it_pauses()
    {
        ulong sent = 0;
        TestHost.Await(
            () =>
            {
                sent = MonotonicClock.Nanoseconds;
                SetState(new PeerState(0, 0, 0, sent + (EncapsulationProgram.UdpPauseNanoseconds / 2), 0, 0));
                return _rig.Send(s_udp).HasLeft ? null : "kept"; // again where that was over before the packet came
            },
            "UDP that goes on leaves by the kernel");

        Assert.InRange(
            State.UdpBusyUntil, sent + EncapsulationProgram.UdpPauseNanoseconds,
            MonotonicClock.Nanoseconds + EncapsulationProgram.UdpPauseNanoseconds);
    }

    [Fact]
    public void A_peer_that_is_not_reached_gets_nothing_from_the_kernel()
    {
        foreach (ulong until in (ulong[])[0, 1, MonotonicClock.Nanoseconds])
        {
            SetState(default, until);
            Assert.False(_rig.Send(s_udp).HasLeft);
        }

        Assert.Equal(0ul, State.UdpWindowPackets);
    }

    private void SetState(PeerState state, ulong reachableUntil = ulong.MaxValue) =>
        _rig.Maps.States.Set(_peer.Slot, state with { ReachableUntil = reachableUntil });
}
