using System;

namespace Overlay.Capture.Packets;

/// <summary>The network header and the transport header of one packet, and what they carry.</summary>
/// <remarks>
/// Nothing is copied: every header is a view of the captured bytes. Which of the views may be asked for,
/// <see cref="Network"/> and <see cref="Transport"/> say; the others throw.
/// </remarks>
public readonly record struct PacketHeaders
{
    private const int PortBytes = 4;

    /// <summary>Which network header there is.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>Which transport header there is.</summary>
    public TransportKind Transport { get; init; }

    /// <summary>The protocol number behind the network header and its extensions; 0 where there is none.</summary>
    public byte Protocol { get; init; }

    /// <summary>
    /// From the network header to the end of the packet, as its length field says, or to where the capture ends.
    /// </summary>
    public ReadOnlyMemory<byte> Packet { get; init; }

    /// <summary>What follows the network header and its extensions, as far as it was captured.</summary>
    public ReadOnlyMemory<byte> Message { get; init; }

    /// <summary>Length of <see cref="Message"/> on the wire.</summary>
    public int MessageLength { get; init; }

    /// <summary>What follows the transport header, as far as it was captured.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Length of <see cref="Payload"/> on the wire.</summary>
    public int PayloadLength { get; init; }

    /// <summary>What is wrong, if anything.</summary>
    public PacketFault Fault { get; init; }

    /// <summary>The IPv4 header.</summary>
    public Ipv4Header Ipv4 => new(Packet);

    /// <summary>The IPv6 header.</summary>
    public Ipv6Header Ipv6 => new(Packet);

    /// <summary>The ARP message.</summary>
    public ArpMessage Arp => new(Packet);

    /// <summary>The UDP header.</summary>
    public UdpHeader Udp => new(Message);

    /// <summary>The TCP header.</summary>
    public TcpHeader Tcp => new(Message);

    /// <summary>The ICMP message.</summary>
    public IcmpMessage Icmp => new(Message);

    /// <summary>Whether its ports are there; they may be where the rest of the header has been cut.</summary>
    public bool HasPorts => Network is NetworkKind.Ipv4 or NetworkKind.Ipv6
        && Protocol is IpProtocols.Udp or IpProtocols.Tcp
        && Transport != TransportKind.Fragment
        && Message.Length >= PortBytes;

    /// <summary>The sender's port, of UDP or TCP.</summary>
    public ushort SourcePort => Udp.SourcePort; // both protocols have them in the same place

    /// <summary>The receiver's port, of UDP or TCP.</summary>
    public ushort DestinationPort => Udp.DestinationPort;

    /// <summary>Whether it is a piece of a fragmented packet.</summary>
    public bool IsFragment => Network == NetworkKind.Ipv4 ? Ipv4.IsFragment : Transport == TransportKind.Fragment;

    /// <summary>What the transport checksum is worth. Sums over the whole packet.</summary>
    public ChecksumState TransportChecksum => Transport switch
    {
        TransportKind.None or TransportKind.Other or TransportKind.Fragment => ChecksumState.None,
        _ when IsFragment || Message.Length < MessageLength => ChecksumState.Cut,
        TransportKind.Icmp =>
            OnesComplement.Sum(Message.Span) == 0xffff ? ChecksumState.Good : ChecksumState.Bad,
        TransportKind.Udp when Udp.Checksum == 0 => ChecksumState.NotComputed,
        TransportKind.Udp => PseudoHeaderState(Udp.Checksum),
        TransportKind.Tcp => PseudoHeaderState(Tcp.Checksum),
        _ => PseudoHeaderState(Icmp.Checksum),
    };

    private ChecksumState PseudoHeaderState(ushort carried)
    {
        // UDP's own length says how much is covered; it has been compared with the packet's.
        int covered = Transport == TransportKind.Udp && Udp.Length != 0 ? Udp.Length : MessageLength;
        ReadOnlySpan<byte> addresses = Network == NetworkKind.Ipv4 ? Ipv4.Addresses : Ipv6.Addresses;
        ushort pseudo = OnesComplement.PseudoHeaderSum(addresses, Protocol, covered);
        if (OnesComplement.Sum(Message.Span[..covered], pseudo) == 0xffff)
        {
            return ChecksumState.Good;
        }

        return carried == pseudo ? ChecksumState.Partial : ChecksumState.Bad;
    }
}
