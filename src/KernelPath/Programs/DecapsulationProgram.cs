using Overlay.KernelPath.Maps;
using Overlay.Linux.Bpf;
using Overlay.Router.Packets;
using static Overlay.KernelPath.Programs.HelperArguments;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>Where accepted packets go.</summary>
/// <param name="Tunnel">The tunnel's interface: single packets, as if they came out of it.</param>
/// <param name="Merger">The interface whose other end merges TCP segments.</param>
/// <param name="Whole">The interface whose other end takes superpackets.</param>
internal sealed record DeliveryPoints(int Tunnel, int Merger, int Whole);

/// <summary>
/// At the underlay's ingress: what a peer's kernel has encapsulated is checked, taken out and delivered.
/// </summary>
/// <remarks>
/// <para>It accepts less than user space does, and judges nothing: whatever fails a check goes on to the socket as it
/// came, and user space drops and counts it, answers it, or knows better.</para>
/// <para>The checks are those of Router's InboundRules with the strict source check; the weaker ones take more, and
/// that comes by the socket.</para>
/// </remarks>
internal static class DecapsulationProgram
{
    /// <summary>How long an answer to a probe counts.</summary>
    internal const long AnswerNanoseconds = 6_000_000_000;

    private const int Acknowledgement = 0x10; // ACK alone (RFC 9293, section 3.1)

    private const int FragmentBits = 0x3FFF; // more fragments, and the offset

    // The stack.
    private const int Slot = -4;
    private const int Key = -12;
    private const int Length = -24;       // of the inner packet
    private const int Packets = -32;
    private const int Bytes = -40;
    private const int State = -48;
    private const int Header = -84;       // 36 bytes

    /// <summary>Writes it.</summary>
    /// <param name="maps">What it looks up.</param>
    /// <param name="own">This host's endpoint.</param>
    /// <param name="tunnelMtu">Longer single packets go to user space, which counts them.</param>
    /// <param name="points">Where packets go.</param>
    internal static BpfInstruction[] Write(
        KernelMaps maps, TunnelEndpoint own, int tunnelMtu, DeliveryPoints points)
    {
        var code = new BpfAssembler();
        code.Move(R6, R1);
        WriteOuterChecks(code, own);
        code.Load(Bits32, R9, R7, Layout.Outer + Layout.Source);
        code.Load(Bits8, R3, R7, Layout.Inner);
        code.JumpIf(R3, NotEqual, Layout.PlainIpv4, "next");
        code.Load(Bits8, R3, R7, Layout.Inner + Layout.Protocol);
        code.JumpIf(R3, Equal, PeerProbe.Protocol, "probe");
        code.Load(Bits16, R3, R7, Layout.Udp + Layout.UdpChecksum);
        code.JumpIf(R3, NotEqual, 0, "next"); // sent by a socket
        WriteInnerChecks(code, maps);
        WriteLengths(code, maps, tunnelMtu);
        code.StepTimeToLive(Layout.Inner, "stepped");
        WriteDelivery(code, maps, points);
        code.Label("probe");
        WriteSender(code, maps);
        ProbeAssembly.Write(code, maps, own, Slot, State);
        code.Label("next");
        code.Exit(Verdict.Next);
        code.Label("drop");
        code.CountDrop(maps.Counters, Slot, Packets, SlotCounters.InboundDrops);
        return code.Finish();
    }

    // A whole datagram to our port. R8 = its length with the IPv4 header.
    private static void WriteOuterChecks(BpfAssembler code, TunnelEndpoint own)
    {
        const int Needed = Layout.Inner + Layout.Ipv4Bytes;
        code.Load(Bits32, R1, R6, PacketContext.Protocol);
        code.JumpIf(R1, NotEqual, InPacketOrder.Of(Layout.Ipv4EtherType), "next");
        code.Load(Bits32, R1, R6, PacketContext.PacketType);
        code.JumpIf(R1, NotEqual, PacketToHost, "next");
        code.Load(Bits32, R1, R6, PacketContext.VlanPresent);
        code.JumpIf(R1, NotEqual, 0, "next");
        code.Load(Bits32, R8, R6, PacketContext.Length);
        code.JumpIf(R8, Less, Needed, "next");
        code.LoadData(Needed, "pull");
        code.Jump("at hand");
        code.Label("pull");
        code.Move(R1, R6);
        code.Move(R2, Needed);
        code.Call(BpfHelper.PullData);
        code.LoadData(Needed, "next");
        code.Label("at hand");

        code.Load(Bits8, R3, R7, Layout.Outer);
        code.JumpIf(R3, NotEqual, Layout.PlainIpv4, "next");
        code.Load(Bits8, R3, R7, Layout.Outer + Layout.Protocol);
        code.JumpIf(R3, NotEqual, Layout.UdpProtocol, "next");
        code.Load(Bits16, R3, R7, Layout.Udp + Layout.UdpDestinationPort);
        code.JumpIf(R3, NotEqual, InPacketOrder.Of(own.Port), "next");
        code.Load(Bits32, R3, R7, Layout.Outer + Layout.Destination);
        code.MoveLong(R4, InPacketOrder.Of(own.Address));
        code.JumpIf(R3, NotEqual, R4, "next");
        code.Load(Bits16, R3, R7, Layout.Outer + Layout.Fragment);
        code.JumpIf(R3, AnyBit, InPacketOrder.Of((ushort)FragmentBits), "next");

        code.Compute(Subtract, R8, Layout.EthernetBytes);
        code.Load(Bits16, R3, R7, Layout.Outer + Layout.TotalLength);
        code.SwapToNetworkOrder(R3, 16);
        code.JumpIf(R3, NotEqual, R8, "next");
        code.Load(Bits16, R3, R7, Layout.Udp + Layout.UdpLength);
        code.SwapToNetworkOrder(R3, 16);
        code.Compute(Add, R3, Layout.Ipv4Bytes);
        code.JumpIf(R3, NotEqual, R8, "next");
        code.JumpIf(R8, Greater, Layout.LongestInner + Layout.EncapsulationBytes, "next");
        code.SumHeader(Layout.Outer);
        code.JumpIf(R3, NotEqual, 0xFFFF, "next");
    }

    private static void WriteSender(BpfAssembler code, KernelMaps maps)
    {
        code.Store(Bits32, Stack, Key, R9);
        code.LookUp(maps.Senders, Key, "next");
        code.Load(Bits32, R3, R0, 0);
        code.Store(Bits32, Stack, Slot, R3);
    }

    // R9 = where the datagram came from, as in the packet.
    private static void WriteInnerChecks(BpfAssembler code, KernelMaps maps)
    {
        code.Compute(Subtract, R8, Layout.EncapsulationBytes);
        code.Load(Bits16, R3, R7, Layout.Inner + Layout.TotalLength);
        code.SwapToNetworkOrder(R3, 16);
        code.JumpIf(R3, NotEqual, R8, "next");
        code.Store(Bits64, Stack, Length, R8);
        code.SumHeader(Layout.Inner);
        code.JumpIf(R3, NotEqual, 0xFFFF, "next");
        code.Load(Bits8, R3, R7, Layout.Inner + Layout.TimeToLive);
        code.JumpIf(R3, AtMost, 1, "next");

        // The source is the sender's …
        code.LoadRoute(maps, Layout.Inner + Layout.Source, Key, "next");
        code.Store(Bits32, Stack, Slot, R3);
        code.Load(Bits32, R4, Stack, Slot);
        code.JumpIf(R4, Equal, 0, "next"); // nobody's, or our own, whose entry has an address that can be forged
        code.Compute(ShiftRight, R3, 32);
        code.JumpIf(R3, NotEqual, R9, "next");

        // … and the destination is ours.
        code.LoadRoute(maps, Layout.Inner + Layout.Destination, Key, "next");
        code.MoveLong(R4, RouteEntry.Own.Packed);
        code.JumpIf(R3, NotEqual, R4, "next");
    }

    // The sender's state onto the stack.
    private static void WriteLengths(BpfAssembler code, KernelMaps maps, int tunnelMtu)
    {
        code.LookUp(maps.States, Slot, "next");
        code.Store(Bits64, Stack, State, R0);
        code.Load(Bits32, R3, R6, PacketContext.SegmentBytes);
        code.JumpIf(R3, NotEqual, 0, "superpacket");
        code.Load(Bits64, R3, Stack, Length);
        code.JumpIf(R3, Greater, tunnelMtu, "next");
        code.Store(Bits64, Stack, Bytes, R3);
        code.Store(Bits64, Stack, Packets, 1);
        code.Jump("measured");
        code.Label("superpacket");
        code.MeasureSuperpacket(Layout.Inner, Length, Packets, Bytes, "next");
        code.Load(Bits64, R1, Stack, State);
        code.Store(Bits64, R1, PeerState.SendsWholeOffset, 1);
        code.Label("measured");
    }

    // All TCP of a peer that has sent a superpacket goes the superpackets' way, so that none overtakes another.
    private static void WriteDelivery(BpfAssembler code, KernelMaps maps, DeliveryPoints points)
    {
        const int TcpFlags = Layout.Inner + Layout.Ipv4Bytes + Layout.TcpDataOffset + 1;
        code.LoadData(Layout.Inner + Layout.Ipv4Bytes, "drop");
        code.Move(R8, 0); // 1: TCP that is to be merged
        code.Load(Bits8, R3, R7, Layout.Inner + Layout.Protocol);
        code.JumpIf(R3, NotEqual, Layout.Tcp, "single");

        // An acknowledgement without data may overtake: it says of data that it came, and has none to be put in order.
        code.NeedData(TcpFlags + 1, "in order");
        code.Load(Bits8, R3, R7, TcpFlags);
        code.JumpIf(R3, NotEqual, Acknowledgement, "in order");
        code.LoadHeaderBytes(R3, Layout.Inner);
        code.Load(Bits64, R4, Stack, Length);
        code.JumpIf(R3, Equal, R4, "single");
        code.Label("in order");
        code.Move(R8, 1);
        code.Load(Bits64, R1, Stack, State);
        code.Load(Bits64, R3, R1, PeerState.SendsWholeOffset);
        code.JumpIf(R3, NotEqual, 0, "whole");

        code.Label("single");
        code.Move(R1, R6);
        code.Move(R2, -Layout.EncapsulationBytes);
        code.Move(R3, RoomBehindEthernet);
        code.Move(R4, FixedSegments);
        code.Call(BpfHelper.AdjustRoom);
        code.JumpIf(R0, NotEqual, 0, "drop");
        code.Move(R1, R6);
        code.Call(BpfHelper.InvalidateHash); // it was of the outer addresses
        code.Count(maps.Counters, Slot, Packets, Bytes, SlotCounters.InboundPackets, "single counted");
        code.JumpIf(R8, NotEqual, 0, "merge");
        Redirect(code, points.Tunnel, ToIngress);
        code.Label("merge");
        Redirect(code, points.Merger, 0);

        code.Label("whole");
        code.Move(R1, R6);
        code.Move(R2, Layout.VxlanBytes);
        code.Move(R3, RoomBehindNetwork);
        code.Move(R4, FixedSegments);
        code.Call(BpfHelper.AdjustRoom);
        code.JumpIf(R0, NotEqual, 0, "drop");
        WholeHeader.Write(code, Length, Header);
        code.Move(R1, R6);
        code.Move(R2, Layout.Outer);
        code.Move(R3, Stack);
        code.Compute(Add, R3, Header);
        code.Move(R4, WholeHeader.Bytes);
        code.Move(R5, 0);
        code.Call(BpfHelper.StoreBytes);
        code.JumpIf(R0, NotEqual, 0, "drop");
        code.Count(maps.Counters, Slot, Packets, Bytes, SlotCounters.InboundPackets, "whole counted");
        code.Move(R1, points.Whole);
        code.Move(R2, 0);
        code.Call(BpfHelper.RedirectPeer); // at once, without a queue
        code.Exit();
    }

    private static void Redirect(BpfAssembler code, int interfaceIndex, int flags)
    {
        code.Move(R1, interfaceIndex);
        code.Move(R2, flags);
        code.Call(BpfHelper.Redirect);
        code.Exit();
    }
}
