using System;
using System.Buffers.Binary;
using Overlay.KernelPath.Maps;
using Overlay.Linux.Bpf;
using Overlay.Router.Packets;
using static Overlay.KernelPath.Programs.HelperArguments;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>At the tunnel's egress: packets for peers that take them from the kernel leave as datagrams.</summary>
/// <remarks>
/// <para>Everything else goes on to user space unchanged, and user space decides what it is: options, no route, a
/// path that is too narrow, a time to live that is used up. The program drops nothing, but for a packet that the
/// kernel has no memory to make longer.</para>
/// <para>The datagram has no UDP checksum (RFC 768 allows that): by that the other side knows it from what a socket
/// has sent, and leaves those to its own user space. So each flow goes one way.</para>
/// </remarks>
internal static class EncapsulationProgram
{
    // UDP goes through user space while more than this many packets to a peer come in a window, and for a while
    // afterwards: trains of small packets are what user space is faster with. It comes back in a pause alone, in which
    // user space has passed everything on: the kernel's packets would overtake what is still there.
    internal const int UdpWindowNanoseconds = 100_000_000;
    internal const int MostUdpPackets = 2000;
    internal const int UdpQuietNanoseconds = 1_000_000_000;
    internal const int UdpPauseNanoseconds = 100_000_000;

    private const int TimeToLiveOfDatagrams = 64; // net.ipv4.ip_default_ttl

    // The stack.
    private const int Key = -4;
    private const int Slot = -12;
    private const int InnerMtu = -24;
    private const int Length = -32;
    private const int State = -40;
    private const int Packets = -48;
    private const int Bytes = -56;
    private const int Header = -106;     // 42 bytes; the IPv4 header in it lies at a multiple of 4

    private const int HeaderBytes = Layout.Inner;

    /// <summary>Writes it.</summary>
    /// <param name="maps">What it looks up.</param>
    /// <param name="own">This host's endpoint.</param>
    /// <param name="underlayIndex">The interface that datagrams leave by.</param>
    internal static BpfInstruction[] Write(KernelMaps maps, TunnelEndpoint own, int underlayIndex)
    {
        var code = new BpfAssembler();
        code.Move(R6, R1);
        WriteChecks(code, own);
        WriteRoute(code, maps);
        WriteReach(code, maps);
        WriteUdp(code);
        WriteLengths(code);
        WriteHeader(code, own);
        WriteEncapsulation(code, maps, underlayIndex);
        code.Label("next");
        code.Exit(Verdict.Next);
        code.Label("drop");
        code.CountDrop(maps.Counters, Slot, Packets, SlotCounters.OutboundDrops);
        return code.Finish();
    }

    // A whole IPv4 packet without options, that is none of our own datagrams.
    private static void WriteChecks(BpfAssembler code, TunnelEndpoint own)
    {
        code.Load(Bits32, R1, R6, PacketContext.Protocol);
        code.JumpIf(R1, NotEqual, InPacketOrder.Of(Layout.Ipv4EtherType), "next");
        code.LoadData(Layout.Ipv4Bytes, "next");
        code.Load(Bits8, R3, R7, 0);
        code.JumpIf(R3, NotEqual, Layout.PlainIpv4, "next");
        code.Load(Bits16, R3, R7, Layout.TotalLength);
        code.SwapToNetworkOrder(R3, 16);
        code.Load(Bits32, R4, R6, PacketContext.Length);
        code.JumpIf(R3, NotEqual, R4, "next");
        code.JumpIf(R4, Greater, Layout.LongestInner, "next");
        code.Store(Bits64, Stack, Length, R4);
        code.Load(Bits8, R3, R7, Layout.TimeToLive);
        code.JumpIf(R3, AtMost, 1, "next");
        code.Load(Bits32, R3, R7, Layout.Source);
        code.MoveLong(R4, InPacketOrder.Of(own.Address));
        code.JumpIf(R3, Equal, R4, "next");
    }

    // R9 = the peer's address.
    private static void WriteRoute(BpfAssembler code, KernelMaps maps)
    {
        code.LoadRoute(maps, Layout.Destination, Key, "next");
        code.Move(R9, R3);
        code.Compute(ShiftRight, R9, 32);
        code.Compute(ShiftLeft, R3, 32);
        code.Compute(ShiftRight, R3, 32);
        code.JumpIf(R3, Equal, 0, "next"); // nobody's, or this host's own
        code.Store(Bits32, Stack, Slot, R3);
        code.LookUp(maps.Peers, Slot, "next");
        code.Load(Bits32, R3, R0, PeerEntry.AddressOffset);
        code.JumpIf(R3, NotEqual, R9, "next");
        code.Load(Bits32, R3, R0, PeerEntry.InnerMtuOffset);
        code.Store(Bits64, Stack, InnerMtu, R3);
    }

    // R0 = now.
    private static void WriteReach(BpfAssembler code, KernelMaps maps)
    {
        code.LookUp(maps.States, Slot, "next");
        code.Store(Bits64, Stack, State, R0);
        code.Call(BpfHelper.MonotonicNanoseconds);
        code.Load(Bits64, R1, Stack, State);
        code.Load(Bits64, R3, R1, PeerState.ReachableUntilOffset);
        code.JumpIf(R3, AtMost, R0, "next");
    }

    // Two processors that count at the same time may count one packet instead of two: it is a rate, not a sum.
    private static void WriteUdp(BpfAssembler code)
    {
        code.Load(Bits8, R3, R7, Layout.Protocol);
        code.JumpIf(R3, NotEqual, Layout.UdpProtocol, "not udp");
        code.Load(Bits32, R3, R6, PacketContext.SegmentBytes);
        code.JumpIf(R3, NotEqual, 0, "udp is busy");
        code.Load(Bits64, R3, R1, PeerState.UdpWindowStartOffset);
        code.Move(R4, R0);
        code.Compute(Subtract, R4, R3);
        code.JumpIf(R4, Less, UdpWindowNanoseconds, "same window");
        code.Store(Bits64, R1, PeerState.UdpWindowStartOffset, R0);
        code.Store(Bits64, R1, PeerState.UdpWindowPacketsOffset, 1);
        code.Jump("udp counted");
        code.Label("same window");
        code.Load(Bits64, R3, R1, PeerState.UdpWindowPacketsOffset);
        code.Compute(Add, R3, 1);
        code.Store(Bits64, R1, PeerState.UdpWindowPacketsOffset, R3);
        code.JumpIf(R3, AtMost, MostUdpPackets, "udp counted");
        code.Label("udp is busy");
        code.Compute(Add, R0, UdpQuietNanoseconds);
        code.Store(Bits64, R1, PeerState.UdpBusyUntilOffset, R0);
        code.Jump("next");
        code.Label("udp counted");
        code.Load(Bits64, R3, R1, PeerState.UdpBusyUntilOffset);
        code.JumpIf(R3, AtMost, R0, "not udp");
        code.Compute(Subtract, R3, R0);
        code.JumpIf(R3, Greater, UdpPauseNanoseconds, "next");
        code.Compute(Add, R0, UdpPauseNanoseconds);
        code.Store(Bits64, R1, PeerState.UdpBusyUntilOffset, R0);
        code.Jump("next");
        code.Label("not udp");
    }

    private static void WriteLengths(BpfAssembler code)
    {
        code.Load(Bits32, R4, R6, PacketContext.SegmentBytes);
        code.JumpIf(R4, NotEqual, 0, "superpacket");
        code.Load(Bits64, R3, Stack, Length);
        code.Load(Bits64, R4, Stack, InnerMtu);
        code.JumpIf(R3, Greater, R4, "next");
        code.Store(Bits64, Stack, Bytes, R3);
        code.Store(Bits64, Stack, Packets, 1);
        code.Jump("measured");
        code.Label("superpacket");
        code.MeasureSuperpacket(0, Length, Packets, Bytes, "next");
        code.Load(Bits32, R4, R6, PacketContext.SegmentBytes);
        code.Compute(Add, R4, R5);
        code.Load(Bits64, R3, Stack, InnerMtu);
        code.JumpIf(R4, Greater, R3, "next");
        code.Label("measured");
    }

    // Ethernet, whose addresses the neighbour's entry will fill in, IPv4 and UDP, onto the stack.
    private static void WriteHeader(BpfAssembler code, TunnelEndpoint own)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[Layout.EthernetType..], Layout.Ipv4EtherType);
        Span<byte> ip = header[Layout.Outer..];
        DatagramHeader.WriteTemplate(ip, TimeToLiveOfDatagrams, own.Port);
        own.Address.Write(ip[Layout.Source..]);
        DatagramHeader.Write(code, header, Layout.Outer, Header, Length, destination: R9);
    }

    private static void WriteEncapsulation(BpfAssembler code, KernelMaps maps, int underlayIndex)
    {
        // The tunnel is a device without link header, so that there is none yet.
        code.Move(R1, R6);
        code.Move(R2, Layout.EthernetBytes);
        code.Move(R3, 0);
        code.Call(BpfHelper.ChangeHead);
        code.JumpIf(R0, NotEqual, 0, "next");

        // Whoever cuts the superpacket later on writes the outer headers of each piece.
        MakeRoom(code, FixedSegments | EncapsulatesIpv4 | EncapsulatesUdp);
        code.JumpIf(R0, Equal, 0, "has room");

        // The kernel encapsulates only once. A single packet that is encapsulated already needs no cutting.
        code.Load(Bits32, R3, R6, PacketContext.SegmentBytes);
        code.JumpIf(R3, NotEqual, 0, "drop");
        MakeRoom(code, FixedSegments);
        code.JumpIf(R0, NotEqual, 0, "drop");
        code.Label("has room");

        code.LoadData(Layout.Inner + Layout.Ipv4Bytes, "drop");
        code.StepTimeToLive(Layout.Inner, "stepped");
        code.Move(R1, R6);
        code.Move(R2, 0);
        code.Move(R3, Stack);
        code.Compute(Add, R3, Header);
        code.Move(R4, HeaderBytes);
        code.Move(R5, 0);
        code.Call(BpfHelper.StoreBytes);
        code.JumpIf(R0, NotEqual, 0, "drop");
        code.Count(maps.Counters, Slot, Packets, Bytes, SlotCounters.OutboundPackets, "counted");
        code.Move(R1, underlayIndex);
        code.Move(R2, 0);
        code.Move(R3, 0);
        code.Move(R4, 0);
        code.Call(BpfHelper.RedirectNeighbour);
        code.Exit();
    }

    private static void MakeRoom(BpfAssembler code, int flags)
    {
        code.Move(R1, R6);
        code.Move(R2, Layout.EncapsulationBytes);
        code.Move(R3, RoomBehindEthernet);
        code.Move(R4, flags);
        code.Call(BpfHelper.AdjustRoom);
    }
}
