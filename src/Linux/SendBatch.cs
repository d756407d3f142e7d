using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// Messages for one sendmmsg(2), gathered from one slab. A message is a datagram, or a train: several datagrams to one
/// address, all of one length but the last, that the kernel cuts apart (UDP_SEGMENT, udp(7)).
/// </summary>
/// <remarks>
/// Owned by one thread. Everything is allocated once; the pieces are borrowed from the slab, which outlives the batch.
/// </remarks>
public sealed unsafe class SendBatch : IDisposable
{
    // A 16-bit value in a control message: 18 bytes, 24 with its padding (CMSG_LEN, CMSG_SPACE; cmsg(3)).
    private const int ControlBytes = 24;
    private const int ControlLength = 18;

    // What an IPv4 packet carries behind its header and UDP's (RFC 791, RFC 768).
    private const int LongestDatagramBytes = 65_535 - 20 - 8;

    private readonly PinnedSlab _slab;
    private readonly IoVectors _vectors;
    private readonly int _capacity;
    private readonly int[] _bytes;
    private readonly int[] _firstVectors;
    private readonly NativeArray<mmsghdr> _messages;
    private readonly NativeArray<sockaddr_in> _addresses;
    private readonly NativeArray<byte> _controls;

    /// <summary>Allocates room once.</summary>
    /// <param name="slab">Where all pieces lie.</param>
    /// <param name="messages">Messages it can hold, 1 or more.</param>
    /// <param name="pieces">Pieces of all messages together, 1 to 1,024.</param>
    public SendBatch(PinnedSlab slab, int messages, int pieces)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(messages);
        _slab = slab;
        _capacity = messages;
        _vectors = new IoVectors(slab, pieces);
        _bytes = new int[messages];
        _firstVectors = new int[messages];
        _messages = new NativeArray<mmsghdr>(messages);
        _addresses = new NativeArray<sockaddr_in>(messages);
        _controls = new NativeArray<byte>(messages * ControlBytes);
        for (int i = 0; i < messages; i++)
        {
            // Safe because the arrays outlive the headers that point into them, and a control block has room for header
            // and value.
            ref msghdr header = ref Header(i);
            header.msg_name = _addresses.PointerTo(i, 1);
            header.msg_namelen = sizeof(sockaddr_in);
            var control = (cmsghdr*)Control(i);
            control->cmsg_len = ControlLength;
            control->cmsg_level = LibC.IPPROTO_UDP;
            control->cmsg_type = Native.UDP_SEGMENT;
        }
    }

    /// <summary>Messages it holds, the open one included.</summary>
    public int Count { get; private set; }

    /// <summary>True when no further message can be begun.</summary>
    public bool IsFull => Count == _capacity;

    /// <summary>Pieces that can still be added.</summary>
    public int FreePieces => _vectors.Capacity - _vectors.Count;

    /// <summary>For sendmsg(2) and sendmmsg(2): messages in a row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch has no room for so many.</exception>
    internal mmsghdr* MessagesFrom(int first, int count) => _messages.PointerTo(first, count);

    /// <summary>Where message <paramref name="index"/> goes.</summary>
    public Ipv4Address AddressOf(int index) => SocketAddress.AddressOf(_addresses[Checked(index)]);

    /// <summary>The port message <paramref name="index"/> goes to.</summary>
    public ushort PortOf(int index) => SocketAddress.PortOf(_addresses[Checked(index)]);

    /// <summary>Length of message <paramref name="index"/>, all its datagrams together, in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int BytesOf(int index) => _bytes[Checked(index)];

    /// <summary>
    /// Length of each datagram of train <paramref name="index"/> but the last; 0 when it is not a train.
    /// </summary>
    public int SegmentBytesOf(int index)
    {
        // Safe because the value's two bytes follow the header inside the control block.
        return Header(Checked(index)).msg_control is null
            ? 0
            : Unsafe.ReadUnaligned<ushort>(Control(index) + sizeof(cmsghdr));
    }

    /// <summary>Datagrams that message <paramref name="index"/> carries, 1 or more.</summary>
    public int DatagramsOf(int index)
    {
        int segmentBytes = SegmentBytesOf(index);
        return segmentBytes == 0 ? 1 : (_bytes[index] + segmentBytes - 1) / segmentBytes;
    }

    /// <summary>Bytes of those pieces of message <paramref name="index"/> that begin in one part of the slab.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="start">In bytes from the slab's start.</param>
    /// <param name="lengthBytes">Of the part.</param>
    public int BytesIn(int index, int start, int lengthBytes) =>
        _vectors.BytesIn(_firstVectors[Checked(index)], Header(index).msg_iovlen, start, lengthBytes);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        _vectors.Clear();
    }

    /// <summary>Begins a message; what is added from now on belongs to it.</summary>
    /// <param name="address">Where it goes.</param>
    /// <param name="port">1 to 65535.</param>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public void Begin(Ipv4Address address, ushort port)
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"a batch of {_capacity} messages is full");
        }

        _addresses[Count] = SocketAddress.Create(address, port);
        ref msghdr message = ref Header(Count);
        message.msg_iov = _vectors.Next;
        message.msg_iovlen = 0;
        message.msg_control = null;
        message.msg_controllen = 0;
        _bytes[Count] = 0;
        _firstVectors[Count] = _vectors.Count;
        Count++;
    }

    /// <summary>Appends a piece to the open message.</summary>
    /// <param name="offset">In bytes from the slab's start.</param>
    /// <param name="lengthBytes">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The piece is outside the slab, or there is no room for it or no
    /// message.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int offset, int lengthBytes)
    {
        int open = Count - 1;
        ref msghdr message = ref Header(open); // checked first: without a message there is nothing to add to
        _vectors.Add(offset, lengthBytes);
        message.msg_iovlen++;
        _bytes[open] += lengthBytes;
    }

    /// <summary>Makes the open message a train.</summary>
    /// <param name="segmentBytes">Length of each datagram but the last, which may be shorter; 1 to 65,507.</param>
    public void MakeTrain(int segmentBytes)
    {
        Debug.Assert(
            segmentBytes is > 0 and <= LongestDatagramBytes, "a train's datagrams are as long as a UDP payload can be");
        SetSegment(Checked(Count - 1), segmentBytes);
    }

    /// <summary>Copies message <paramref name="index"/> as the kernel sees it.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="buffer">At least <see cref="BytesOf"/> bytes.</param>
    public void CopyTo(int index, Span<byte> buffer)
    {
        int first = _firstVectors[Checked(index)];
        for (int i = 0; i < Header(index).msg_iovlen; i++)
        {
            Span<byte> piece = _vectors[first + i];
            piece.CopyTo(buffer);
            buffer = buffer[piece.Length..];
        }
    }

    /// <summary>
    /// Cuts train <paramref name="index"/> of <paramref name="source"/> into messages of one datagram each.
    /// </summary>
    /// <param name="source">Another batch over the same slab.</param>
    /// <param name="index">Which of its messages.</param>
    /// <remarks>This batch is emptied first. It needs room for as many messages as the train has datagrams.</remarks>
    public void SetToDatagramsOf(SendBatch source, int index)
    {
        Debug.Assert(source != this && source._slab == _slab, "the pieces are those of one slab, and another batch's");
        Clear();
        int segmentBytes = source.SegmentBytesOf(index);
        int left = 0;
        for (int i = 0; i < source.Header(index).msg_iovlen; i++)
        {
            // of the slab that both share
            (int offset, int length) = source._vectors.RangeOf(source._firstVectors[index] + i);
            while (length > 0)
            {
                if (left == 0)
                {
                    Begin(source.AddressOf(index), source.PortOf(index));
                    left = segmentBytes == 0 ? source.BytesOf(index) : segmentBytes;
                }

                int part = Math.Min(left, length);
                Add(offset, part);
                offset += part;
                length -= part;
                left -= part;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _messages.Dispose();
        _addresses.Dispose();
        _controls.Dispose();
        _vectors.Dispose();
        Count = 0;
    }

    private ref msghdr Header(int index) => ref MessageHeader.Of(ref _messages[index]);

    private byte* Control(int index) => _controls.PointerTo(index * ControlBytes, ControlBytes);

    private void SetSegment(int index, int segmentBytes)
    {
        ref msghdr message = ref Header(index);
        message.msg_control = Control(index);
        message.msg_controllen = ControlBytes;

        // Safe because the value's two bytes follow the header inside the control block.
        Unsafe.WriteUnaligned(Control(index) + sizeof(cmsghdr), (ushort)segmentBytes);
    }

    private int Checked(int index)
    {
        Bounds.Check(index, Count);

        return index;
    }
}
