using Overlay.KernelPath.Maps;
using Overlay.Linux.Bpf;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfComparison;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>What several programs do to packets. R6 holds the context, R7 the frame's first byte.</summary>
internal static class PacketAssembly
{
    private const int AllOnes = 0xFFFF;

    /// <summary>
    /// Loads the frame's start into R7 and jumps when it has fewer bytes at hand. Clobbers R2 and R3.
    /// </summary>
    internal static void LoadData(this BpfAssembler code, int bytes, string otherwise)
    {
        code.Load(Bits32, R7, R6, PacketContext.Data);
        code.NeedData(bytes, otherwise);
    }

    /// <summary>Jumps when fewer bytes than these are at hand from R7 on. Clobbers R2 and R3.</summary>
    internal static void NeedData(this BpfAssembler code, int bytes, string otherwise)
    {
        code.Load(Bits32, R2, R6, PacketContext.DataEnd);
        code.Move(R3, R7);
        code.Compute(Add, R3, bytes);
        code.JumpIf(R3, Greater, R2, otherwise);
    }

    /// <summary>R3 = the one's-complement sum of an IPv4 header without options, folded: all ones when it is right.
    /// Clobbers R4.</summary>
    internal static void SumHeader(this BpfAssembler code, int offset)
    {
        code.Load(Bits32, R3, R7, offset);
        for (int word = 4; word < Layout.Ipv4Bytes; word += 4)
        {
            code.Load(Bits32, R4, R7, offset + word);
            code.Compute(Add, R3, R4);
        }

        // Five words of 32 bits: 35 bits, then 33, then 17, then 16.
        code.Fold(32);
        code.Fold(16);
        code.Fold(16);
        code.Fold(16);
    }

    /// <summary>Adds what is above so many bits of R3 to what is below. Clobbers R4.</summary>
    internal static void Fold(this BpfAssembler code, int bits)
    {
        code.Move(R4, R3);
        code.Compute(ShiftRight, R4, bits);
        if (bits == 32)
        {
            code.Compute(ShiftLeft, R3, 32);
            code.Compute(ShiftRight, R3, 32);
        }
        else
        {
            code.Compute(And, R3, AllOnes);
        }

        code.Compute(Add, R3, R4);
    }

    /// <summary>The time to live of the IPv4 header at an offset goes down by one, and its checksum with it: RFC 1624,
    /// equation 3, as Router's InternetChecksum. Clobbers R3.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="header">From R7 on, within what is at hand.</param>
    /// <param name="label">A name that no other label has.</param>
    internal static void StepTimeToLive(this BpfAssembler code, int header, string label)
    {
        code.Load(Bits8, R3, R7, header + Layout.TimeToLive);
        code.Compute(Subtract, R3, 1);
        code.Store(Bits8, R7, header + Layout.TimeToLive, R3);
        code.Load(Bits16, R3, R7, header + Layout.HeaderChecksum);
        code.Compute(Add, R3, InPacketOrder.Of((ushort)0x0100));
        code.JumpIf(R3, Less, AllOnes, label);
        code.Compute(Add, R3, 1);
        code.Label(label);
        code.Store(Bits16, R7, header + Layout.HeaderChecksum, R3);
    }

    /// <summary>R0 = the address of a map's value for the key on the stack; jumps when there is none. Clobbers R1 to
    /// R5.</summary>
    internal static void LookUp(this BpfAssembler code, BpfMap map, int stackOffset, string? otherwise)
    {
        code.LoadMap(R1, map);
        code.Move(R2, Stack);
        code.Compute(Add, R2, stackOffset);
        code.Call(BpfHelper.MapLookup);
        if (otherwise is not null)
        {
            code.JumpIf(R0, Equal, 0, otherwise);
        }
    }

    /// <summary>
    /// R3 = the entry of the address in the packet at an offset from R7; jumps when it lies outside the network.
    /// Clobbers R0 to R5.
    /// </summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="maps">Which entry it is.</param>
    /// <param name="address">From R7 on, within what is at hand.</param>
    /// <param name="key">On the stack: 4 bytes.</param>
    /// <param name="otherwise">Where to go.</param>
    internal static void LoadRoute(
        this BpfAssembler code, KernelMaps maps, int address, int key, string otherwise)
    {
        code.Load(Bits32, R3, R7, address);
        code.SwapToNetworkOrder(R3, 32);
        code.MoveLong(R4, maps.Index.Base);
        code.Compute(Subtract, R3, R4);
        code.Compute(ShiftLeft, R3, 32); // what is below the first address becomes large
        code.Compute(ShiftRight, R3, 32 + maps.Index.Shift);
        code.Store(Bits32, Stack, key, R3);
        code.LookUp(maps.Routes, key, otherwise);
        code.Load(Bits64, R3, R0, 0);
    }

    /// <summary>Counts a frame of the slot on the stack, its packets and bytes on the stack as well.</summary>
    internal static void Count(
        this BpfAssembler code, BpfMap counters, int slot, int packets, int bytes, int packetsCounter, string done)
    {
        code.LookUp(counters, slot, done);
        code.AddTo(packetsCounter, packets);
        code.AddTo(packetsCounter + sizeof(ulong), bytes);
        code.Label(done);
    }

    /// <summary>Counts what a frame of the slot on the stack stands for as dropped, and drops.</summary>
    internal static void CountDrop(this BpfAssembler code, BpfMap counters, int slot, int packets, int counter)
    {
        code.LookUp(counters, slot, "uncounted drop");
        code.AddTo(counter, packets);
        code.Label("uncounted drop");
        code.Exit(Verdict.Drop);
    }

    /// <summary>
    /// The superpacket's packets and bytes onto the stack, as many as it is cut into and as long as those are together.
    /// R5 = the bytes of the headers of each. Only TCP over IPv4 without options. Clobbers R1 to R4.
    /// </summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="header">The IPv4 header, from R7 on.</param>
    /// <param name="lengthOffset">On the stack: the superpacket's length in bytes.</param>
    /// <param name="packets">On the stack.</param>
    /// <param name="bytes">On the stack.</param>
    /// <param name="otherwise">Where to go when it is anything else.</param>
    internal static void MeasureSuperpacket(
        this BpfAssembler code, int header, int lengthOffset, int packets, int bytes, string otherwise)
    {
        code.Load(Bits8, R3, R7, header + Layout.Protocol);
        code.JumpIf(R3, NotEqual, Layout.Tcp, otherwise);
        code.NeedData(header + Layout.Ipv4Bytes + Layout.TcpDataOffset + 2, otherwise);
        code.LoadHeaderBytes(R5, header);

        // packets = ⌈(length − headers) ÷ segment⌉; bytes = length + (packets − 1) · headers
        code.Load(Bits64, R3, Stack, lengthOffset);
        code.JumpIf(R3, AtMost, R5, otherwise);
        code.Compute(Subtract, R3, R5);
        code.Load(Bits32, R4, R6, PacketContext.SegmentBytes);
        code.Compute(Add, R3, R4);
        code.Compute(Subtract, R3, 1);
        code.Compute(Divide, R3, R4);
        code.Store(Bits64, Stack, packets, R3);
        code.Compute(Subtract, R3, 1);
        code.Compute(Multiply, R3, R5);
        code.Load(Bits64, R4, Stack, lengthOffset);
        code.Compute(Add, R3, R4);
        code.Store(Bits64, Stack, bytes, R3);
    }

    /// <summary>The bytes of a packet's IPv4 header without options and its TCP header.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="bytes">Where they go.</param>
    /// <param name="header">The IPv4 header, from R7 on; the TCP header's data offset is at hand.</param>
    internal static void LoadHeaderBytes(this BpfAssembler code, BpfRegister bytes, int header)
    {
        code.Load(Bits8, bytes, R7, header + Layout.Ipv4Bytes + Layout.TcpDataOffset);
        code.Compute(ShiftRight, bytes, 4);
        code.Compute(ShiftLeft, bytes, 2);
        code.Compute(Add, bytes, Layout.Ipv4Bytes);
    }

    private static void AddTo(this BpfAssembler code, int counter, int stackOffset)
    {
        code.Load(Bits64, R1, R0, counter);
        code.Load(Bits64, R2, Stack, stackOffset);
        code.Compute(Add, R1, R2);
        code.Store(Bits64, R0, counter, R1);
    }
}
