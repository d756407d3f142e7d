using Overlay.KernelPath.Maps;
using Overlay.Linux.Bpf;
using Overlay.Router.Packets;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>What the decapsulating program does with probes of known peers.</summary>
internal static class ProbeAssembly
{
    private const int Magic = Layout.Inner + PeerProbe.MagicOffset;
    private const int Kind = Layout.Inner + PeerProbe.KindOffset;
    private const int KindAndVersion = Kind; // read at once
    private const int Nonce = Layout.Inner + PeerProbe.NonceOffset;
    private const int Needed = Layout.Inner + PeerProbe.Bytes;

    /// <summary>Writes it; R6 and R7 as the programs have them, the sender's slot on the stack.</summary>
    internal static void Write(BpfAssembler code, KernelMaps maps, TunnelEndpoint own, int slot, int state)
    {
        code.NeedData(Needed, "next");
        code.Load(Bits32, R3, R7, Magic);
        code.MoveLong(R4, PeerProbe.Magic);
        code.JumpIf(R3, NotEqual, R4, "next");
        code.LookUp(maps.States, slot, "next");
        code.Store(Bits64, Stack, state, R0);
        code.Load(Bits8, R3, R7, KindAndVersion + 1);
        code.JumpIf(R3, NotEqual, PeerProbe.Version, "next");
        code.Load(Bits64, R8, R7, Nonce);
        code.Load(Bits8, R3, R7, Kind);
        code.JumpIf(R3, NotEqual, (int)ProbeKind.Request, "not a request");

        code.Store(Bits64, R0, PeerState.AskedNonceOffset, R8);
        Turn(code, own);

        code.Label("not a request");
        code.Move(R9, R3);
        code.LookUp(maps.Peers, slot, "next");
        code.Load(Bits64, R3, R0, PeerEntry.NonceOffset);
        code.JumpIf(R3, NotEqual, R8, "next");
        code.Move(R0, 0);
        code.JumpIf(R9, Equal, (int)ProbeKind.Farewell, "until then");
        code.JumpIf(R9, NotEqual, (int)ProbeKind.Answer, "next");
        code.Call(BpfHelper.MonotonicNanoseconds);
        code.MoveLong(R1, (ulong)DecapsulationProgram.AnswerNanoseconds);
        code.Compute(Add, R0, R1);
        code.Label("until then");
        code.Load(Bits64, R1, Stack, state);
        code.Store(Bits64, R1, PeerState.ReachableUntilOffset, R0);
        code.Exit(Verdict.Drop);
    }

    // Back where it came from, as an answer. Sums over addresses do not change when they change places.
    private static void Turn(BpfAssembler code, TunnelEndpoint own)
    {
        Swap(code, Bits32, 0, 6);
        Swap(code, Bits16, 4, 10);
        Swap(code, Bits32, Layout.Outer + Layout.Source, Layout.Outer + Layout.Destination);
        Swap(code, Bits32, Layout.Inner + Layout.Source, Layout.Inner + Layout.Destination);
        code.Store(Bits16, R7, Layout.Udp, InPacketOrder.Of(own.Port));
        code.Store(Bits16, R7, Layout.Udp + Layout.UdpDestinationPort, InPacketOrder.Of(own.Port));
        code.Store(Bits16, R7, Layout.Udp + Layout.UdpChecksum, 0);
        code.Store(Bits8, R7, Kind, (int)ProbeKind.Answer);
        code.Load(Bits32, R1, R6, PacketContext.InterfaceIndex);
        code.Move(R2, 0);
        code.Call(BpfHelper.Redirect);
        code.Exit();
    }

    private static void Swap(BpfAssembler code, BpfWidth width, int one, int other)
    {
        code.Load(width, R3, R7, one);
        code.Load(width, R4, R7, other);
        code.Store(width, R7, one, R4);
        code.Store(width, R7, other, R3);
    }
}
