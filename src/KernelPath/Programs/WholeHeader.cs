using System;
using Overlay.Linux.Bpf;
using Overlay.Net;

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
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes.Clear();
        DatagramHeader.WriteTemplate(bytes, timeToLive: 1, Port);
        NearAddress.Write(bytes[Layout.Source..]);
        FarAddress.Write(bytes[Layout.Destination..]);
        Span<byte> vxlan = bytes[Layout.EncapsulationBytes..];
        vxlan[0] = 0x0C; // a VNI, and a next protocol
        vxlan[3] = 1;    // IPv4
        DatagramHeader.Write(code, bytes, ip: 0, header, length, destination: null);
    }
}
