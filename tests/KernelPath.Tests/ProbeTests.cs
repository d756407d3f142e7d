using System;
using System.Runtime.InteropServices;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Net;
using Overlay.Router.Packets;
using Xunit;
using static Overlay.Testing.Overlays;

namespace Overlay.KernelPath.Tests;

/// <summary>What the decapsulating program does with probes.</summary>
public sealed class ProbeTests : IDisposable
{
    private const ulong TheirNonce = 0x1122_3344_5566_7788;

    private readonly InboundRig _rig = new();
    private readonly PeerSlot _peer;

    public ProbeTests()
    {
        _rig.Slots.Add(Table(), [new KernelPeer(PeerAddress, 1400)]);
        _peer = Assert.Single(_rig.Slots.Peers);
    }

    private PeerState State => _rig.Maps.States.Find<uint, PeerState>(_peer.Slot)
        ?? throw new InvalidOperationException("no state");

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(0xBEEF)]
    public void A_request_is_turned_round_as_an_answer_whatever_its_UDP_checksum(int checksum)
    {
        byte[] frame = Probe(PeerAddress, ProbeKind.Request, TheirNonce);
        (frame[40], frame[41]) = ((byte)(checksum >> 8), (byte)checksum);
        frame[34] = 0x77; // from any port

        BpfRun run = _rig.Run(frame);

        byte[] answer = new byte[PeerProbe.Bytes];
        PeerProbe.Write(answer, ProbeKind.Answer, InboundRig.Own.Address, PeerAddress, TheirNonce);
        byte[] expected = Frames.Encapsulate(
            InboundRig.Own.Address, InboundRig.Own with { Address = PeerAddress }, answer);
        (expected[0], expected[6]) = (2, 0); // back to the sender's link address
        Assert.Equal(Verdict.Redirect, run.Verdict);
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(run.Packet));
        Assert.Equal(TheirNonce, State.AskedNonce);
        Assert.Equal(0ul, State.ReachableUntil);
    }

    [Fact]
    public void An_answer_with_the_nonce_of_the_peer_counts_for_a_while()
    {
        ulong before = MonotonicClock.Nanoseconds;

        BpfRun run = _rig.Run(Probe(PeerAddress, ProbeKind.Answer, _peer.Nonce));

        Assert.Equal(Verdict.Drop, run.Verdict);
        Assert.InRange(
            State.ReachableUntil, before + DecapsulationProgram.AnswerNanoseconds,
            MonotonicClock.Nanoseconds + DecapsulationProgram.AnswerNanoseconds);
        Assert.Equal(0ul, State.AskedNonce);
    }

    [Fact]
    public void A_farewell_with_the_nonce_of_the_peer_ends_it_at_once()
    {
        SetReached();

        BpfRun run = _rig.Run(Probe(PeerAddress, ProbeKind.Farewell, _peer.Nonce));

        Assert.Equal(Verdict.Drop, run.Verdict);
        Assert.Equal(0ul, State.ReachableUntil);
    }

    [Theory]
    [InlineData(ProbeKind.Answer)]
    [InlineData(ProbeKind.Farewell)]
    [InlineData((ProbeKind)9)]
    public void A_wrong_nonce_or_an_unknown_kind_goes_on_and_changes_nothing(ProbeKind kind)
    {
        SetReached();
        PeerState before = State;
        ulong nonce = kind == (ProbeKind)9 ? _peer.Nonce : _peer.Nonce ^ 1;

        IsLeft(Probe(PeerAddress, kind, nonce));

        Assert.Equal(before, State);
    }

    [Theory]
    [InlineData(ProbeKind.Request)]
    [InlineData(ProbeKind.Answer)]
    [InlineData(ProbeKind.Farewell)]
    public void A_probe_of_another_version_or_magic_or_cut_short_goes_on_and_changes_nothing(ProbeKind kind)
    {
        SetReached();
        PeerState before = State;
        byte[] probe = new byte[PeerProbe.Bytes];
        PeerProbe.Write(probe, kind, PeerAddress, InboundRig.Own.Address, _peer.Nonce);
        probe[PeerProbe.VersionOffset]++;
        IsLeft(Frames.Encapsulate(PeerAddress, InboundRig.Own, probe));

        probe[PeerProbe.VersionOffset]--;
        IsLeft(Frames.Encapsulate(PeerAddress, InboundRig.Own, probe.AsSpan(0, PeerProbe.Bytes - 1)));

        probe[PeerProbe.MagicOffset]++;
        IsLeft(Frames.Encapsulate(PeerAddress, InboundRig.Own, probe));

        Assert.Equal(before, State);
    }

    [Theory]
    [InlineData(ProbeKind.Request)]
    [InlineData(ProbeKind.Answer)]
    [InlineData(ProbeKind.Farewell)]
    public void A_probe_of_a_host_that_is_no_peer_or_has_no_slot_goes_on(ProbeKind kind)
    {
        IsLeft(Probe(StrangerAddress, kind, TheirNonce));
        IsLeft(Probe(OtherPeerAddress, kind, TheirNonce));
    }

    [Fact]
    public void A_peer_that_is_gone_is_not_answered_and_one_that_comes_back_has_to_answer_again()
    {
        SetReached();
        ulong nonce = _peer.Nonce;
        _rig.Slots.RemoveOthers(Table(), []);
        IsLeft(Probe(PeerAddress, ProbeKind.Request, TheirNonce));

        _rig.Slots.Add(Table(), [new KernelPeer(PeerAddress, 1400)]);
        PeerSlot back = Assert.Single(_rig.Slots.Peers);
        Assert.NotEqual(nonce, back.Nonce);
        Assert.Equal(default(PeerState), _rig.Maps.States.Find<uint, PeerState>(back.Slot));
        IsLeft(Probe(PeerAddress, ProbeKind.Answer, nonce));
    }

    private static byte[] Probe(Ipv4Address from, ProbeKind kind, ulong nonce)
    {
        byte[] probe = new byte[PeerProbe.Bytes];
        PeerProbe.Write(probe, kind, from, InboundRig.Own.Address, nonce);
        Assert.Equal(nonce, MemoryMarshal.Read<ulong>(probe.AsSpan(PeerProbe.NonceOffset)));
        return Frames.Encapsulate(from, InboundRig.Own, probe);
    }

    private void SetReached() => _rig.Maps.States.Set(
        _peer.Slot, default(PeerState) with { ReachableUntil = ulong.MaxValue, AskedNonce = TheirNonce });

    private void IsLeft(byte[] frame)
    {
        BpfRun run = _rig.Run(frame);
        Assert.Equal(Verdict.Next, run.Verdict);
        Assert.Equal(frame, run.Packet);
    }
}
