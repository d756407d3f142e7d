using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Overlay.Net;

namespace Overlay.Router.Packets;

/// <summary>Where this host's datagrams come from, and how they are known when they come out of the tunnel.</summary>
/// <param name="Address">The outer source.</param>
/// <param name="Port">The UDP port of every host: the outer source port and the outer destination port.</param>
public readonly record struct TunnelEndpoint(Ipv4Address Address, ushort Port)
{
    private const int UdpPortsBytes = 4;

    /// <summary>
    /// Whether a packet from the TUN is one of our own datagrams, which the kernel has routed into the tunnel: sent
    /// again, it would come back again, longer by its encapsulation or in more fragments.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool HasSent(in Ipv4Header packet) => packet.Source == Address && HasPorts(packet);

    // A later fragment has no ports. A host sends its own packets into the tunnel from the tunnel's address, so that
    // one from this address is taken for ours.
    private bool HasPorts(in Ipv4Header packet)
    {
        if (packet.Protocol != IpProtocol.Udp)
        {
            return false;
        }

        Span<byte> payload = packet.Packet[packet.HeaderBytes..];
        return packet.IsLaterFragment
            || (payload.Length >= UdpPortsBytes
                && BinaryPrimitives.ReadUInt16BigEndian(payload) == Port
                && BinaryPrimitives.ReadUInt16BigEndian(payload[2..]) == Port);
    }
}
