using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux;

/// <summary>
/// Which frames of an Ethernet interface are captured: a program of classic BPF, which the kernel runs before it copies
/// a frame (linux/filter.h; Documentation/networking/filter.rst).
/// </summary>
public sealed class FrameFilter
{
    // Offsets in a frame: Ethernet, then IPv4.
    private const uint EtherType = 12;
    private const uint Fragment = 20;
    private const uint Protocol = 23;
    private const uint Source = 26;
    private const uint Destination = 30;
    private const uint HeaderLength = 14;

    private const uint Ipv4 = 0x0800;
    private const uint Udp = 17;
    private const uint LaterFragments = 0x1FFF;

    private FrameFilter(IEnumerable<sock_filter> program) => Program = [.. program];

    /// <summary>The instructions.</summary>
    internal sock_filter[] Program { get; }

    /// <summary>UDP datagrams from or to some ports.</summary>
    /// <param name="ports">1 to 50 of them.</param>
    /// <param name="snapBytes">The most that is kept of a frame.</param>
    public static FrameFilter OfUdpPorts(IReadOnlyList<ushort> ports, int snapBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ports.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ports.Count, 50); // a jump is one byte
        int tests = 2 * (ports.Count + 1); // of the two ports: a load, and a test for each
        List<sock_filter> program =
        [
            Load(Native.BPF_H, EtherType), JumpUnless(Ipv4, tests + 5),
            Load(Native.BPF_B, Protocol), JumpUnless(Udp, tests + 3),
            Load(Native.BPF_H, Fragment), JumpIfAny(LaterFragments, tests + 1),
            new sock_filter { code = Native.BPF_LDX | Native.BPF_B | Native.BPF_MSH, k = HeaderLength },
        ];
        for (int side = 0; side < 2; side++)
        {
            program.Add(new sock_filter
            {
                code = Native.BPF_LD | Native.BPF_H | Native.BPF_IND,
                k = HeaderLength + (2 * (uint)side),
            });
            program.AddRange(ports.Select((port, index) =>
                JumpIf(port, ((1 - side) * (ports.Count + 1)) + ports.Count - index)));
        }

        program.AddRange([Return(0), Return((uint)snapBytes)]);
        return new FrameFilter(program);
    }

    /// <summary>IPv4 packets from or to a network.</summary>
    /// <param name="network">It.</param>
    /// <param name="snapBytes">The most that is kept of a frame.</param>
    public static FrameFilter OfNetwork(Ipv4Prefix network, int snapBytes)
    {
        var mask = new sock_filter { code = Native.BPF_ALU | Native.BPF_AND | Native.BPF_K, k = network.Mask };
        return new FrameFilter(
        [
            Load(Native.BPF_H, EtherType), JumpUnless(Ipv4, 6),
            Load(Native.BPF_W, Source), mask, JumpIf(network.First.Value, 4),
            Load(Native.BPF_W, Destination), mask, JumpIf(network.First.Value, 1),
            Return(0), Return((uint)snapBytes),
        ]);
    }

    /// <summary>Frames that have a word at one of some places.</summary>
    /// <param name="word">In the order of the network.</param>
    /// <param name="offsets">
    /// Where it may begin, in bytes from the frame's first, ascending; 1 to 100. At the first that a frame is too short
    /// for, its test ends: a load from beyond the end refuses the frame.
    /// </param>
    /// <param name="snapBytes">The most that is kept of a frame.</param>
    public static FrameFilter OfWord(uint word, IReadOnlyList<int> offsets, int snapBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(offsets.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsets.Count, 100); // a jump is one byte
        List<sock_filter> program = [];
        for (int i = 0; i < offsets.Count; i++)
        {
            program.AddRange(
                [Load(Native.BPF_W, (uint)offsets[i]), JumpIf(word, (2 * (offsets.Count - 1 - i)) + 1)]);
        }

        program.AddRange([Return(0), Return((uint)snapBytes)]);
        return new FrameFilter(program);
    }

    private static sock_filter Load(ushort width, uint offset) =>
        new() { code = (ushort)(Native.BPF_LD | width | Native.BPF_ABS), k = offset };

    private static sock_filter JumpIf(uint value, int by) =>
        new() { code = Native.BPF_JMP | Native.BPF_JEQ | Native.BPF_K, k = value, jt = (byte)by };

    private static sock_filter JumpUnless(uint value, int by) =>
        new() { code = Native.BPF_JMP | Native.BPF_JEQ | Native.BPF_K, k = value, jf = (byte)by };

    private static sock_filter JumpIfAny(uint bits, int by) =>
        new() { code = Native.BPF_JMP | Native.BPF_JSET | Native.BPF_K, k = bits, jt = (byte)by };

    private static sock_filter Return(uint bytes) => new() { code = Native.BPF_RET | Native.BPF_K, k = bytes };
}
