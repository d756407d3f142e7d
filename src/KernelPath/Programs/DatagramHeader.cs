using System;
using System.Runtime.InteropServices;
using Overlay.Linux.Bpf;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>IPv4 and UDP headers that a program puts before a packet, with lengths and the header's checksum.</summary>
internal static class DatagramHeader
{
    /// <summary>What is the same in every IPv4 and UDP header here: DF, no options, one port for both ends.</summary>
    /// <param name="ip">Where they are written, 28 bytes, zeroed.</param>
    /// <param name="timeToLive">Of the datagrams.</param>
    /// <param name="port">Of both ends.</param>
    internal static void WriteTemplate(Span<byte> ip, byte timeToLive, ushort port)
    {
        ip[0] = Layout.PlainIpv4;
        ip[Layout.Fragment] = 0x40; // DF: what would not fit has gone to user space
        ip[Layout.TimeToLive] = timeToLive;
        ip[Layout.Protocol] = Layout.UdpProtocol;
        (byte high, byte low) = ((byte)(port >> 8), (byte)port);
        ReadOnlySpan<byte> ports = [high, low, high, low];
        ports.CopyTo(ip[Layout.Ipv4Bytes..]);
    }

    /// <summary>Writes one onto the stack. Clobbers R3 and R4.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="template">All of it, an even number of bytes, with lengths and checksum 0.</param>
    /// <param name="ip">In the template: where the IPv4 header is, an even number.</param>
    /// <param name="stack">On the stack: where it goes. The IPv4 header comes to lie at a multiple of 4.</param>
    /// <param name="length">On the stack: bytes of the packet behind it.</param>
    /// <param name="destination">The destination as in packets; null where the template has it.</param>
    internal static void Write(
        BpfAssembler code, ReadOnlySpan<byte> template, int ip, int stack, int length, BpfRegister? destination)
    {
        int udp = ip + Layout.Ipv4Bytes;
        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(template);
        int sum = 0; // of the IPv4 header, in the machine's order as all its terms
        for (int i = 0; i < words.Length; i++)
        {
            int offset = i * sizeof(ushort);
            code.Store(Bits16, Stack, stack + offset, words[i]);
            sum += offset >= ip && offset < udp ? words[i] : 0;
        }

        if (destination is { } address)
        {
            code.Store(Bits32, Stack, stack + ip + Layout.Destination, address);
        }

        code.Load(Bits64, R3, Stack, length);
        code.Compute(Add, R3, template.Length - udp);
        code.Move(R4, R3);
        code.SwapToNetworkOrder(R4, 16);
        code.Store(Bits16, Stack, stack + udp + Layout.UdpLength, R4);
        code.Compute(Add, R3, Layout.Ipv4Bytes);
        code.SwapToNetworkOrder(R3, 16);
        code.Store(Bits16, Stack, stack + ip + Layout.TotalLength, R3);

        code.Compute(Add, R3, sum);
        if (destination is { } term)
        {
            code.Compute(Add, R3, term);
            code.Fold(32);
        }

        code.Fold(16);
        code.Fold(16);
        code.Fold(16);
        code.Compute(Xor, R3, 0xFFFF);
        code.Store(Bits16, Stack, stack + ip + Layout.HeaderChecksum, R3);
    }
}
