using System;
using System.Runtime.InteropServices;
using Overlay.Linux.Bpf;
using Overlay.Net;
using static Overlay.Linux.Bpf.BpfArithmetic;
using static Overlay.Linux.Bpf.BpfRegister;
using static Overlay.Linux.Bpf.BpfWidth;

namespace Overlay.KernelPath.Programs;

/// <summary>What stands before a superpacket on its way through the whole-packet device.</summary>
/// <remarks>
/// Taking a UDP header away leaves the superpacket marked as tunnelled, and no helper clears that; a tunnel's own
/// receiver does (iptunnel_pull_offloads, net/ipv4/ip_tunnel_core.c). So the superpacket becomes one of VXLAN-GPE
/// (draft-ietf-nvo3-vxlan-gpe, section 3: next protocol 1, IPv4) for a device of this host's own.
/// </remarks>
internal static class WholeHeader
{
    /// <summary>IPv4, UDP, VXLAN-GPE.</summary>
    internal const int Bytes = Layout.EncapsulationBytes + Layout.VxlanBytes;

    /// <summary>The port of the device, in a namespace where nothing else is.</summary>
    internal const ushort Port = 4790;

    // In that namespace alone: link-local (RFC 3927), the far end's address and that of nobody, which sends.
    internal static Ipv4Address FarAddress { get; } = new(0xA9FE0001);

    internal static Ipv4Address NearAddress { get; } = new(0xA9FE0002);

    /// <summary>The header onto the stack. Clobbers R3 and R4.</summary>
    /// <param name="code">Where it is written to.</param>
    /// <param name="length">On the stack: the length of the superpacket.</param>
    /// <param name="header">On the stack: where it goes.</param>
    internal static void Write(BpfAssembler code, int length, int header)
    {
        byte[] bytes = new byte[Bytes];
        Span<byte> ip = bytes;
        ip[0] = Layout.PlainIpv4;
        ip[Layout.Fragment] = 0x40;
        ip[Layout.TimeToLive] = 1;
        ip[Layout.Protocol] = Layout.UdpProtocol;
        NearAddress.Write(ip[Layout.Source..]);
        FarAddress.Write(ip[Layout.Destination..]);
        Span<byte> udp = bytes.AsSpan(Layout.Ipv4Bytes);
        (udp[0], udp[1]) = (Port >> 8, Port & 0xFF);
        (udp[2], udp[3]) = (Port >> 8, Port & 0xFF);
        Span<byte> vxlan = bytes.AsSpan(Layout.EncapsulationBytes);
        vxlan[0] = 0x0C; // a VNI, and a next protocol
        vxlan[3] = 1;    // IPv4

        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(bytes);
        int sum = 0;
        for (int i = 0; i < words.Length; i++)
        {
            code.Store(Bits16, Stack, header + (i * sizeof(ushort)), words[i]);
            sum += i < Layout.Ipv4Bytes / 2 ? words[i] : 0;
        }

        code.Load(Bits64, R3, Stack, length);
        code.Compute(Add, R3, Layout.UdpBytes + Layout.VxlanBytes);
        code.Move(R4, R3);
        code.SwapToNetworkOrder(R4, 16);
        code.Store(Bits16, Stack, header + Layout.Ipv4Bytes + Layout.UdpLength, R4);
        code.Compute(Add, R3, Layout.Ipv4Bytes);
        code.SwapToNetworkOrder(R3, 16);
        code.Store(Bits16, Stack, header + Layout.TotalLength, R3);
        code.Compute(Add, R3, sum);
        code.Fold(16);
        code.Fold(16);
        code.Fold(16);
        code.Compute(Xor, R3, 0xFFFF);
        code.Store(Bits16, Stack, header + Layout.HeaderChecksum, R3);
    }
}
