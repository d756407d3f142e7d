using System;

namespace Overlay.Capture.Packets;

/// <summary>
/// A captured packet, decoded: outer headers, and the inner ones where another packet is inside.
/// </summary>
/// <remarks>Borrows the captured bytes: valid as long as they are.</remarks>
public readonly record struct DecodedPacket
{
    /// <summary>The captured bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>How many bytes it had on the wire.</summary>
    public int WireLength { get; init; }

    /// <summary>What is before the outer network header.</summary>
    public LinkHeader Link { get; init; }

    /// <summary>The outer headers; the only ones where nothing is inside.</summary>
    public PacketHeaders Outer { get; init; }

    /// <summary>How the inner packet is carried.</summary>
    public Encapsulation Encapsulation { get; init; }

    /// <summary>Only of <see cref="Packets.Encapsulation.Vxlan"/>.</summary>
    public VxlanHeader Vxlan { get; init; }

    /// <summary>The inner frame's header; only of <see cref="Packets.Encapsulation.Vxlan"/>.</summary>
    public LinkHeader InnerLink { get; init; }

    /// <summary>The inner headers.</summary>
    public PacketHeaders Inner { get; init; }

    /// <summary>
    /// What follows the inner packet in its datagram: the other packets of a train, which the device was to send as
    /// datagrams of their own, and which a capture on the sender sees as one.
    /// </summary>
    public ReadOnlyMemory<byte> Rest { get; init; }

    /// <summary>How many packets the datagram holds: one, or those of a train; 0 where none is inside.</summary>
    public int InnerCount { get; init; }

    /// <summary>What is wrong between or around the packets; see <see cref="Fault"/>.</summary>
    internal PacketFault OwnFault { get; init; }

    /// <summary>Whether another packet is inside.</summary>
    public bool HasInner => Encapsulation is Encapsulation.Udp or Encapsulation.Vxlan;

    /// <summary>The first thing that is wrong, outside in.</summary>
    public PacketFault Fault =>
        OwnFault.IsMalformed() ? OwnFault
        : Outer.Fault.IsMalformed() ? Outer.Fault
        : Inner.Fault.IsMalformed() ? Inner.Fault
        : OwnFault != PacketFault.None ? OwnFault
        : Outer.Fault != PacketFault.None ? Outer.Fault
        : Inner.Fault;

    /// <summary>Bytes from the outer network header's first to the inner one's: what encapsulation adds.</summary>
    public int OverheadBytes => HasInner && Outer.Message.Length > 0
        ? Outer.Packet.Length - Outer.Message.Length + UdpHeader.HeaderBytes
        + (Encapsulation == Encapsulation.Vxlan ? VxlanHeader.Length + InnerLink.Bytes.Length : 0)
        : 0;
}
