using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Router.Packets;

namespace Overlay.Router.Coalescing;

/// <summary>Decides by a packet's headers alone whether it may be merged.</summary>
internal static class GroEligibility
{
    private const byte Push = 0x08;
    private const byte Acknowledgement = 0x10;
    private const byte EcnEcho = 0x40;

    /// <summary>Classifies a packet.</summary>
    /// <param name="packet">Validated.</param>
    /// <param name="flow">Set for <see cref="Candidacy.Ineligible"/> and <see cref="Candidacy.Candidate"/>.</param>
    internal static Candidacy Classify(in Ipv4Header packet, out FlowKey flow)
    {
        flow = default;
        ReadOnlySpan<byte> bytes = packet.Packet;
        int fragment = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        if ((fragment & 0x3FFF) != 0)
        {
            return Candidacy.Opaque;
        }

        byte protocol = packet.Protocol;
        if (protocol is not (IpProtocol.Tcp or IpProtocol.Udp))
        {
            return Candidacy.Foreign;
        }

        ReadOnlySpan<byte> transport = bytes[packet.HeaderBytes..];
        if (transport.Length < (protocol == IpProtocol.Tcp ? IpProtocol.TcpHeaderBytes : IpProtocol.UdpHeaderBytes))
        {
            return Candidacy.Opaque;
        }

        flow = new FlowKey(MemoryMarshal.Read<ulong>(bytes[12..]), MemoryMarshal.Read<uint>(transport), protocol);

        // The bit before DF is reserved: cutting would copy it to all packets, and its meaning is unknown.
        bool isPlainHeader = packet.HeaderBytes == Ipv4Header.MinimumBytes && (fragment & 0x8000) == 0;
        return protocol == IpProtocol.Tcp ? OfTcp(transport, isPlainHeader) : OfUdp(transport, isPlainHeader);
    }

    /// <summary>
    /// True when one of the ports is that of a kernel tunnel: VXLAN (also the old port), Geneve, GRE in UDP, flannel's
    /// UDP mode, which FOU can use as well, or WireGuard.
    /// </summary>
    internal static bool IsTunnel(in FlowKey flow)
    {
        Span<byte> ports = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(ports, flow.Ports);
        return IsTunnelPort(BinaryPrimitives.ReadUInt16BigEndian(ports))
            || IsTunnelPort(BinaryPrimitives.ReadUInt16BigEndian(ports[2..]));
    }

    // A pure acknowledgement is not merged: duplicates are a signal (RFC 5681), and so is their order among data.
    private static Candidacy OfTcp(ReadOnlySpan<byte> segment, bool isPlainHeader)
    {
        int headerBytes = (segment[12] >> 4) * 4;
        if (headerBytes < IpProtocol.TcpHeaderBytes || headerBytes > segment.Length)
        {
            return Candidacy.Opaque;
        }

        bool isData = headerBytes < segment.Length && (segment[12] & 0x0F) == 0
            && (segment[13] & ~(Push | EcnEcho)) == Acknowledgement;
        return isData && isPlainHeader ? Candidacy.Candidate : Candidacy.Ineligible;
    }

    // A checksum of zero means that there is none: it cannot be verified, and cutting would add one.
    private static Candidacy OfUdp(ReadOnlySpan<byte> datagram, bool isPlainHeader)
    {
        bool isWhole = datagram.Length > IpProtocol.UdpHeaderBytes
            && BinaryPrimitives.ReadUInt16BigEndian(datagram[4..]) == datagram.Length
            && MemoryMarshal.Read<ushort>(datagram[6..]) != 0;
        return isWhole && isPlainHeader ? Candidacy.Candidate : Candidacy.Ineligible;
    }

    private static bool IsTunnelPort(ushort port) => port is 4789 or 8472 or 6081 or 4754 or 8285 or 51820;
}
