using System;
using System.Buffers.Binary;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Tapping;

namespace Overlay.Diagnosis.Dump;

/// <summary>
/// Both sides of what user space forwards: the packet as it is on the TUN, and the datagram that carries it.
/// </summary>
/// <remarks>
/// User space hands the kernel a packet and an address, and does not see the datagram's own header. What the kernel
/// makes of it is known but for the identification, which is 0 here, and the UDP checksum, which is left out
/// (RFC 768).
/// </remarks>
/// <param name="own">This host's address and port; the peers have the same port.</param>
internal sealed class Encapsulated(TunnelEndpoint own)
{
    /// <summary>Bytes of the outer IPv4 and UDP headers.</summary>
    internal const int OuterBytes = Ipv4Header.MinimumBytes + UdpHeaderBytes;

    private const int UdpHeaderBytes = 8;
    private const int Udp = 17;
    private const int DefaultTimeToLive = 64; // net.ipv4.ip_default_ttl
    private const int DontFragment = 0x4000;
    private const int TimeToLiveOffset = 8;
    private const int ChecksumOffset = 10;

    /// <summary>The datagram, as far as it was kept.</summary>
    /// <param name="record">What is known of the packet.</param>
    /// <param name="packet">Its first bytes, as the verdict left them.</param>
    internal byte[] Datagram(TapRecord record, ReadOnlySpan<byte> packet)
    {
        bool isOut = record.Direction == TapDirection.Outbound;
        byte[] datagram = new byte[OuterBytes + packet.Length];
        Span<byte> outer = datagram;
        outer[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(outer[2..], Clip(OuterBytes + record.Length));
        BinaryPrimitives.WriteUInt16BigEndian(outer[6..], DontFragment);
        outer[TimeToLiveOffset] = DefaultTimeToLive;
        outer[9] = Udp;
        (isOut ? own.Address : record.Peer).Write(outer[12..]);
        (isOut ? record.Peer : own.Address).Write(outer[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(
            outer[ChecksumOffset..], InternetChecksum.Compute(outer[..Ipv4Header.MinimumBytes]));
        BinaryPrimitives.WriteUInt16BigEndian(outer[20..], own.Port);
        BinaryPrimitives.WriteUInt16BigEndian(outer[22..], own.Port);
        BinaryPrimitives.WriteUInt16BigEndian(outer[24..], Clip(UdpHeaderBytes + record.Length));
        packet.CopyTo(outer[OuterBytes..]);
        if (!isOut && record.Verdict == DropReason.None)
        {
            Unstep(outer[OuterBytes..]); // as it was on the wire
        }

        return datagram;
    }

    /// <summary>The packet on the TUN, as far as it was kept.</summary>
    /// <inheritdoc cref="Datagram"/>
    internal static byte[] Packet(TapRecord record, ReadOnlySpan<byte> packet)
    {
        byte[] bytes = packet.ToArray();
        if (record is { Direction: TapDirection.Outbound, Verdict: DropReason.None })
        {
            Unstep(bytes);
        }

        return bytes;
    }

    private static ushort Clip(int length) => (ushort)Math.Min(length, ushort.MaxValue);

    // The daemon's own step taken back: the time to live, and the checksum that goes with it.
    private static void Unstep(Span<byte> packet)
    {
        int headerBytes = packet.Length < Ipv4Header.MinimumBytes ? 0 : (packet[0] & 0xF) * 4;
        if (headerBytes < Ipv4Header.MinimumBytes || packet.Length < headerBytes)
        {
            return;
        }

        packet[TimeToLiveOffset] = (byte)(packet[TimeToLiveOffset] + 1);
        BinaryPrimitives.WriteUInt16BigEndian(packet[ChecksumOffset..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[ChecksumOffset..], InternetChecksum.Compute(packet[..headerBytes]));
    }
}
