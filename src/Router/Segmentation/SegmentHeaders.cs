using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Router.Packets;

namespace Overlay.Router.Segmentation;

/// <summary>Writes the IPv4 and transport headers of a superpacket's segments, with their checksums.</summary>
/// <remarks>
/// What all headers have in common is summed once, when this is made; a segment adds its own few words and its payload.
/// Every transport header is a multiple of 2 bytes long, so each payload starts at an even offset of its own segment,
/// however odd its offset in the superpacket.
/// </remarks>
internal readonly ref struct SegmentHeaders
{
    // The word of data offset and flags in the TCP header (RFC 9293, section 3.1; CWR: RFC 3168, section 6.1.2).
    private const ushort FinAndPush = 0x0009;
    private const ushort CongestionWindowReduced = 0x0080;

    private readonly Superpacket _superpacket;
    private readonly bool _isTcp;
    private readonly ushort _flags;       // TCP: the word of data offset and flags
    private readonly ushort _firstId;
    private readonly uint _sequence;      // TCP: of the first segment
    private readonly ulong _ipSum;        // all words but total length, id and checksum
    private readonly ulong _transportSum; // pseudo-header without length, and all words but those that Write sets

    /// <summary>Sums what the headers have in common.</summary>
    /// <param name="superpacket">Its header says already what every segment says, the time to live included.</param>
    public SegmentHeaders(Superpacket superpacket)
    {
        _superpacket = superpacket;
        ReadOnlySpan<byte> packet = superpacket.Packet;
        int ipHeaderBytes = superpacket.IpHeaderBytes;
        _isTcp = packet[9] == IpProtocol.Tcp;
        _firstId = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        _ipSum = InternetChecksum.Add(
            packet[12..ipHeaderBytes], InternetChecksum.Add(packet[6..10], InternetChecksum.Add(packet[..2], 0)));

        ReadOnlySpan<byte> transport = packet[ipHeaderBytes..superpacket.HeaderBytes];
        ulong sum = InternetChecksum.PseudoHeader(packet, packet[9], 0);
        if (_isTcp)
        {
            _sequence = BinaryPrimitives.ReadUInt32BigEndian(transport[4..]);
            _flags = BinaryPrimitives.ReadUInt16BigEndian(transport[12..]);
            sum = InternetChecksum.Add(transport[..4], sum);
            sum = InternetChecksum.Add(transport[8..12], sum);
            sum = InternetChecksum.Add(transport[14..16], sum);
            _transportSum = InternetChecksum.Add(transport[18..], sum);
        }
        else
        {
            _transportSum = InternetChecksum.Add(transport[..4], sum);
        }
    }

    /// <summary>Writes one segment's headers.</summary>
    /// <param name="index">0 to <see cref="Superpacket.Count"/> - 1.</param>
    /// <param name="header">
    /// At least <see cref="Superpacket.HeaderBytes"/>; not part of the superpacket, whose header is still to be read.
    /// </param>
    public void Write(int index, Span<byte> header)
    {
        ReadOnlySpan<byte> packet = _superpacket.Packet;
        int headerBytes = _superpacket.HeaderBytes;
        int ipHeaderBytes = _superpacket.IpHeaderBytes;
        ReadOnlySpan<byte> payload = packet.Slice(_superpacket.PayloadOffset(index), _superpacket.PayloadBytes(index));
        packet[..headerBytes].CopyTo(header);

        Span<byte> ip = header[..Ipv4Header.MinimumBytes];
        ushort totalBytes = (ushort)(headerBytes + payload.Length);
        ushort id = (ushort)(_firstId + index);
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], totalBytes);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], id);
        MemoryMarshal.Write(ip[10..],
            (ushort)~InternetChecksum.Fold(_ipSum + InternetChecksum.Term(totalBytes) + InternetChecksum.Term(id)));

        ushort transportBytes = (ushort)(totalBytes - ipHeaderBytes);
        ulong sum = InternetChecksum.Add(payload, _transportSum + InternetChecksum.Term(transportBytes));
        if (_isTcp)
        {
            FinishTcp(header.Slice(ipHeaderBytes, IpProtocol.TcpHeaderBytes), index, sum);
        }
        else
        {
            FinishUdp(header.Slice(ipHeaderBytes, IpProtocol.UdpHeaderBytes), transportBytes, sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FinishTcp(Span<byte> tcp, int index, ulong sum)
    {
        uint sequence = _sequence + (uint)(index * _superpacket.SegmentBytes);
        ushort flags = _flags;
        if (index != _superpacket.Count - 1)
        {
            flags &= unchecked((ushort)~FinAndPush);
        }

        if (index != 0)
        {
            flags &= unchecked((ushort)~CongestionWindowReduced);
        }

        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[12..], flags);
        sum += InternetChecksum.Term((ushort)(sequence >> 16)) + (uint)InternetChecksum.Term((ushort)sequence)
            + InternetChecksum.Term(flags);
        MemoryMarshal.Write(tcp[IpProtocol.TcpChecksumOffset..], (ushort)~InternetChecksum.Fold(sum));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishUdp(Span<byte> udp, ushort bytes, ulong sum)
    {
        // The length counts twice: in the pseudo-header, where the caller has added it, and here.
        ushort checksum = (ushort)~InternetChecksum.Fold(sum + InternetChecksum.Term(bytes));
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], bytes);

        // RFC 768: zero means that there is none.
        MemoryMarshal.Write(udp[IpProtocol.UdpChecksumOffset..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }
}
