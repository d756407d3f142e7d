using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Router.Coalescing;

/// <summary>One write to the TUN: a packet as it came, or a run of one flow merged into a superpacket.</summary>
internal sealed class CoalescedWrite : IDisposable
{
    /// <summary>Packets in one write: UDP_MAX_SEGMENTS before Linux 6.9 (linux/udp.h).</summary>
    internal const int MaximumPackets = 64;

    /// <summary>Room for a virtio-net header and a merged header of up to 80 bytes: two cache lines.</summary>
    internal const int ScratchBytes = 128;

    private const int MaximumTotalBytes = ushort.MaxValue;
    private const int TcpOptionsOffset = Ipv4Header.MinimumBytes + IpProtocol.TcpHeaderBytes;
    private const int MaximumTcpOptionBytes = 40;
    private const int TotalLengthOffset = 2;
    private const int IdOffset = 4;
    private const int FragmentOffset = 6;
    private const int TransportOffset = Ipv4Header.MinimumBytes; // no candidate has IP options
    private const int SequenceOffset = TransportOffset + 4;
    private const int TcpFlagsOffset = TransportOffset + 13;
    private const int UdpLengthOffset = TransportOffset + 4;
    private const byte Push = 0x08;

    // Where the merged header begins in the scratch, aligned like a packet in a slab. The virtio-net header ends there.
    private const int HeaderOffset = 16;

    private readonly PinnedSlab _slab;
    private readonly int _scratchOffset;
    private readonly int _plainHeaderOffset;
    private readonly byte[] _tcpOptions = new byte[MaximumTcpOptionBytes];
    private readonly (int Offset, int Length)[] _packets = new (int, int)[MaximumPackets];

    private IpWords _ipWords;
    private TcpWords _tcpWords;
    private bool _isOpen;
    private bool _isComplete;
    private bool _hasPush;
    private bool _countsIds;
    private ushort _lastId;
    private uint _nextSequence;
    private int _headerBytes;
    private int _segmentBytes;
    private int _totalBytes;

    /// <summary>Allocates all that it needs.</summary>
    /// <param name="slab">Where packets and scratch lie.</param>
    /// <param name="scratchOffset">Where in it this write has <see cref="ScratchBytes"/> for itself.</param>
    /// <param name="plainHeaderOffset">Where a virtio-net header of zeros lies.</param>
    internal CoalescedWrite(PinnedSlab slab, int scratchOffset, int plainHeaderOffset)
    {
        _slab = slab;
        _scratchOffset = scratchOffset;
        _plainHeaderOffset = plainHeaderOffset;
        Vectors = new IoVectors(slab, MaximumPackets + 1);
    }

    /// <summary>
    /// What is written: the virtio-net header and the packet, or virtio-net header, merged header and all payloads.
    /// </summary>
    internal IoVectors Vectors { get; }

    /// <summary>Packets in it, 1 to <see cref="MaximumPackets"/>.</summary>
    internal int Packets { get; private set; }

    /// <summary>The length of all packets as they came, in bytes.</summary>
    internal int Bytes { get; private set; }

    /// <summary>The outer address that the first packet came from; those of one flow come from one.</summary>
    internal Ipv4Address Sender { get; set; }

    /// <summary>The protocol number of all packets: 6 TCP, 17 UDP, or any other of a single packet.</summary>
    internal byte Protocol { get; private set; }

    /// <summary>True for a superpacket, false for a packet as it came.</summary>
    internal bool IsMerged => Packets > 1;

    // Which bits of 8 bytes must be equal to the head's. The masks are 0 for total length and ID, the header checksum,
    // the sequence number, PSH and the TCP checksum. The urgent pointer is compared although nothing with URG is
    // merged: cutting copies the head's to all packets. Not static fields: native code would ask before each use
    // whether they are initialized.
    private static ulong VersionToFragmentMask => MemoryMarshal.Read<ulong>([0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF]);

    private static ulong TimeToSourceMask => MemoryMarshal.Read<ulong>([0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);

    private static ulong AcknowledgementMask => MemoryMarshal.Read<ulong>([0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);

    private static ulong FlagsToUrgentMask =>
        MemoryMarshal.Read<ulong>([0xFF, 0xFF ^ Push, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);

    /// <summary>Where a packet lies in the slab, unchanged, so that it can be written alone after all.</summary>
    /// <param name="index">0 to <see cref="Packets"/> - 1.</param>
    internal (int Offset, int Length) PacketAt(int index)
    {
        Bounds.Check(index, Packets);

        return _packets[index];
    }

    /// <summary>Begins with one packet, which nothing joins.</summary>
    internal void Start(ReadOnlySpan<byte> packet, int offset)
    {
        _packets[0] = (offset, packet.Length);
        Packets = 1;
        Bytes = packet.Length;
        Protocol = packet[9];
        _isOpen = _isComplete = false;
    }

    /// <summary>Begins with a candidate whose checksum is right: the head of a run.</summary>
    internal void StartRun(ReadOnlySpan<byte> packet, int offset)
    {
        Start(packet, offset);
        bool isTcp = Protocol == IpProtocol.Tcp;
        _headerBytes = TransportOffset + (isTcp ? (packet[TransportOffset + 12] >> 4) * 4 : IpProtocol.UdpHeaderBytes);
        _segmentBytes = packet.Length - _headerBytes;
        _totalBytes = packet.Length;
        _ipWords = MemoryMarshal.Read<IpWords>(packet);
        _lastId = BinaryPrimitives.ReadUInt16BigEndian(packet[IdOffset..]);
        _countsIds = packet[FragmentOffset] == 0; // without DF the ID may be needed by later fragments (RFC 6864)
        _hasPush = false;
        _isOpen = true;
        if (isTcp)
        {
            _tcpWords = MemoryMarshal.Read<TcpWords>(packet[SequenceOffset..]);
            packet[TcpOptionsOffset.._headerBytes].CopyTo(_tcpOptions);
            _nextSequence = BinaryPrimitives.ReadUInt32BigEndian(packet[SequenceOffset..]) + (uint)_segmentBytes;
            _hasPush = (packet[TcpFlagsOffset] & Push) != 0;
            _isOpen = !_hasPush;
        }
    }

    /// <summary>
    /// True when the packet continues the run by its headers. One that is like the head is a candidate as the head is.
    /// </summary>
    /// <param name="packet">Validated, of any kind. Its transport checksum is not verified.</param>
    internal bool Takes(ReadOnlySpan<byte> packet)
    {
        int payloadBytes = packet.Length - _headerBytes;
        if (!_isOpen
            || payloadBytes <= 0
            || payloadBytes > _segmentBytes
            || _totalBytes + payloadBytes > MaximumTotalBytes)
        {
            return false;
        }

        // One length check for three words.
        ref readonly IpWords words = ref MemoryMarshal.AsRef<IpWords>(packet);
        ulong difference = ((words.VersionToFragment ^ _ipWords.VersionToFragment) & VersionToFragmentMask)
            | ((words.TimeToSource ^ _ipWords.TimeToSource) & TimeToSourceMask)
            | (words.DestinationToPorts ^ _ipWords.DestinationToPorts);
        if (difference != 0)
        {
            return false;
        }

        if (_countsIds && BinaryPrimitives.ReadUInt16BigEndian(packet[IdOffset..]) != (ushort)(_lastId + 1))
        {
            return false;
        }

        return Protocol == IpProtocol.Tcp ? TakesTcp(packet) : TakesUdp(packet);
    }

    /// <summary>Appends a packet for which <see cref="Takes"/> is true.</summary>
    internal void Join(ReadOnlySpan<byte> packet, int offset)
    {
        int payloadBytes = packet.Length - _headerBytes;
        _packets[Packets++] = (offset, packet.Length);
        Bytes += packet.Length;
        _totalBytes += payloadBytes;
        _nextSequence += (uint)payloadBytes;
        _lastId++;
        _hasPush = Protocol == IpProtocol.Tcp && (packet[TcpFlagsOffset] & Push) != 0;
        _isOpen = payloadBytes == _segmentBytes && !_hasPush && Packets < MaximumPackets;
    }

    /// <summary>Closes it: nothing joins it afterwards.</summary>
    internal void Seal() => _isOpen = false;

    /// <summary>Closes it and, the first time, makes its header and gather list.</summary>
    internal void Complete()
    {
        Seal();
        if (_isComplete)
        {
            return;
        }

        _isComplete = true;
        Vectors.Clear();
        if (!IsMerged)
        {
            Vectors.Add(_plainHeaderOffset, VirtioNetHeader.Bytes);
            Vectors.Add(_packets[0].Offset, _packets[0].Length);
            return;
        }

        WriteMergedHeader();
        Vectors.Add(_scratchOffset + HeaderOffset - VirtioNetHeader.Bytes, VirtioNetHeader.Bytes + _headerBytes);
        foreach ((int offset, int length) in _packets.AsSpan(0, Packets))
        {
            Vectors.Add(offset + _headerBytes, length - _headerBytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Vectors.Dispose();

    private bool TakesTcp(ReadOnlySpan<byte> packet)
    {
        ref readonly TcpWords words = ref MemoryMarshal.AsRef<TcpWords>(packet[SequenceOffset..]);
        ulong difference =
            ((words.SequenceToAcknowledgement ^ _tcpWords.SequenceToAcknowledgement) & AcknowledgementMask)
            | ((words.FlagsToUrgent ^ _tcpWords.FlagsToUrgent) & FlagsToUrgentMask);
        if (difference != 0 || BinaryPrimitives.ReadUInt32BigEndian(packet[SequenceOffset..]) != _nextSequence)
        {
            return false;
        }

        return packet[TcpOptionsOffset.._headerBytes]
            .SequenceEqual(_tcpOptions.AsSpan(0, _headerBytes - TcpOptionsOffset));
    }

    private static bool TakesUdp(ReadOnlySpan<byte> packet) =>
        BinaryPrimitives.ReadUInt16BigEndian(packet[UdpLengthOffset..]) == packet.Length - TransportOffset
        && MemoryMarshal.Read<ushort>(packet[(TransportOffset + IpProtocol.UdpChecksumOffset)..]) != 0;

    // The head's header with new lengths, and PSH when the last packet has it: cutting gives it to the last segment
    // alone. The checksum field holds the pseudo-header's sum, not inverted; whoever cuts the superpacket adds the
    // rest.
    private void WriteMergedHeader()
    {
        bool isTcp = Protocol == IpProtocol.Tcp;
        Span<byte> scratch = _slab.Slice(_scratchOffset, HeaderOffset + _headerBytes);
        Span<byte> header = scratch[HeaderOffset..];
        _slab.Slice(_packets[0].Offset, _headerBytes).CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header[TotalLengthOffset..], (ushort)_totalBytes);
        header[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Compute(header[..TransportOffset]));

        int transportBytes = _totalBytes - TransportOffset;
        int checksumOffset = isTcp ? IpProtocol.TcpChecksumOffset : IpProtocol.UdpChecksumOffset;
        ushort partial = InternetChecksum.Fold(InternetChecksum.PseudoHeader(header, Protocol, transportBytes));
        MemoryMarshal.Write(header[(TransportOffset + checksumOffset)..], partial);
        if (isTcp)
        {
            header[TcpFlagsOffset] |= _hasPush ? Push : (byte)0;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(header[UdpLengthOffset..], (ushort)transportBytes);
        }

        new VirtioNetHeader(
            NeedsChecksum: true,
            HasReceiveInfo: false,
            isTcp ? SegmentationType.TcpV4 : SegmentationType.UdpL4,
            HasEcn: false, // no CWR merges
            (ushort)_headerBytes,
            (ushort)_segmentBytes,
            TransportOffset,
            (ushort)checksumOffset).Write(scratch[(HeaderOffset - VirtioNetHeader.Bytes)..]);
    }

    // The first 24 bytes of a packet without IP options.
    private readonly struct IpWords
    {
        public readonly ulong VersionToFragment;
        public readonly ulong TimeToSource;
        public readonly ulong DestinationToPorts;
    }

    // The 16 bytes after them, of TCP.
    private readonly struct TcpWords
    {
        public readonly ulong SequenceToAcknowledgement;
        public readonly ulong FlagsToUrgent;
    }
}
