using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>
/// Room for the messages of one recvmmsg(2), in slots of one slab. A message is a datagram, or a train: several
/// datagrams of one sender that the kernel has put together, all of one length but the last (UDP_GRO, udp(7)).
/// </summary>
/// <remarks>
/// Owned by one thread. What a receive puts here is borrowed until the next receive into the same batch; a message
/// whose slot has been moved meanwhile (<see cref="Place"/>) belongs to whoever has its old place.
/// </remarks>
public sealed unsafe class ReceiveBatch : IDisposable
{
    /// <summary>The longest message: what UDP's 16-bit length can say (RFC 768). A slot takes it whole.</summary>
    public const int SlotBytes = 65_536;

    // One line more than needed: a stride of a power of two would put every slot's headers into the same cache sets.
    private const int StrideBytes = SlotBytes + 64;

    // An int in a control message: 20 bytes, 24 with its padding (CMSG_LEN, CMSG_SPACE; cmsg(3)). Twice, for what else
    // may come.
    private const int ControlBytes = 48;

    private readonly PinnedSlab _slab;
    private readonly int[] _offsets;
    private readonly Message[] _received;
    private readonly NativeArray<mmsghdr> _messages;
    private readonly NativeArray<iovec> _vectors;
    private readonly NativeArray<sockaddr_in> _addresses;
    private readonly NativeArray<byte> _controls;

    /// <summary>Allocates room once.</summary>
    /// <param name="slab">Where the slots lie.</param>
    /// <param name="start">Where the first begins; the others follow.</param>
    /// <param name="slots">Messages, 1 or more.</param>
    public ReceiveBatch(PinnedSlab slab, int start, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        _slab = slab;
        _offsets = new int[slots];
        _received = new Message[slots];
        _messages = new NativeArray<mmsghdr>(slots);
        _vectors = new NativeArray<iovec>(slots);
        _addresses = new NativeArray<sockaddr_in>(slots);
        _controls = new NativeArray<byte>(slots * ControlBytes);
        for (int i = 0; i < slots; i++)
        {
            Place(i, start + (i * StrideBytes));

            // Safe because the arrays outlive the headers that point into them.
            ref msghdr header = ref MessageHeader.Of(ref _messages[i]);
            header.msg_name = _addresses.PointerTo(i, 1);
            header.msg_iov = _vectors.PointerTo(i, 1);
            header.msg_iovlen = 1;
            header.msg_control = _controls.PointerTo(i * ControlBytes, ControlBytes);
        }
    }

    /// <summary>Messages it can hold.</summary>
    public int Capacity => _received.Length;

    /// <summary>Messages it holds.</summary>
    public int Count { get; private set; }

    /// <summary>For recvmsg(2) and recvmmsg(2): the first so many headers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    internal mmsghdr* FirstMessages(int count) => _messages.PointerTo(0, count);

    /// <summary>Bytes of a slab that a batch of so many slots takes.</summary>
    public static int BytesFor(int slots) => slots * StrideBytes;

    /// <summary>Message <paramref name="index"/>.</summary>
    public ref readonly Message this[int index]
    {
        get
        {
            Bounds.Check(index, Count);

            return ref _received[index];
        }
    }

    /// <summary>The bytes of message <paramref name="index"/>.</summary>
    public ReadOnlySpan<byte> BytesOf(int index) => _slab.Slice(this[index].Offset, this[index].Bytes);

    /// <summary>Moves a slot to another place.</summary>
    /// <param name="index">0 to <see cref="Capacity"/> - 1.</param>
    /// <param name="offset">Where <see cref="SlotBytes"/> bytes are free, in bytes from the slab's start.</param>
    public void Place(int index, int offset)
    {
        byte* slot = _slab.PointerTo(offset, SlotBytes);
        _offsets[index] = offset;

        // Safe because PointerTo has checked the slot against the slab.
        _vectors[index] = new iovec { iov_base = slot, iov_len = SlotBytes };
    }

    /// <summary>Empties the batch: its messages are borrowed no longer.</summary>
    public void Clear()
    {
        GiveBackMessages();
        Count = 0;
    }

    /// <summary>Puts a message in as if it had been received.</summary>
    /// <param name="bytes">As many as arrived, at most <see cref="SlotBytes"/>.</param>
    /// <param name="source">The sender's address.</param>
    /// <param name="segmentBytes">Length of each datagram but the last; 0 when it is not a train.</param>
    /// <param name="isTruncated">True when more was sent than arrived.</param>
    public void Put(ReadOnlySpan<byte> bytes, Ipv4Address source, int segmentBytes = 0, bool isTruncated = false)
    {
        bytes.CopyTo(_slab.Slice(_offsets[Count], SlotBytes));
        _received[Count] = new Message(_offsets[Count], bytes.Length, source, segmentBytes, isTruncated);
        Count++;
    }

    /// <summary>Makes the headers ready for the kernel, which overwrites the lengths it is given.</summary>
    internal void Prepare(int slots)
    {
        for (int i = 0; i < slots; i++)
        {
            ref msghdr header = ref MessageHeader.Of(ref _messages[i]);
            header.msg_namelen = sizeof(sockaddr_in);
            header.msg_controllen = ControlBytes;
            header.msg_flags = 0;
        }
    }

    /// <summary>Takes over what the kernel wrote into the headers.</summary>
    internal void Complete(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref mmsghdr message = ref _messages[i];
            ref msghdr header = ref MessageHeader.Of(ref message);
            _received[i] = new Message(
                _offsets[i],
                (int)message.msg_len,
                SocketAddress.AddressOf(_addresses[i]),
                SegmentBytes(header),
                (header.msg_flags & (LibC.MSG_TRUNC | LibC.MSG_CTRUNC)) != 0);
        }

        Debug.Assert(count <= Capacity, "the kernel has filled more headers than it was given");
        Count = count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _messages.Dispose();
        _vectors.Dispose();
        _addresses.Dispose();
        _controls.Dispose();
        Count = 0;
    }

    [Conditional("DEBUG")]
    private void GiveBackMessages()
    {
        for (int i = 0; i < Count; i++)
        {
            if (_received[i].Offset == _offsets[i])
            {
                _slab.GiveBack(_offsets[i], _received[i].Bytes);
            }
        }
    }

    // The first control message or none: nothing else is asked for on this socket.
    private static int SegmentBytes(in msghdr header)
    {
        if (header.msg_controllen < sizeof(cmsghdr) + sizeof(int))
        {
            return 0;
        }

        // Safe because controllen, as the kernel left it, covers header and value.
        var control = (cmsghdr*)header.msg_control;
        return control->cmsg_level == LibC.IPPROTO_UDP && control->cmsg_type == Native.UDP_GRO
            ? Unsafe.ReadUnaligned<int>(control + 1)
            : 0;
    }

    /// <summary>One received message.</summary>
    /// <param name="Offset">Where it begins, in bytes from the slab's start.</param>
    /// <param name="Bytes">Bytes that arrived.</param>
    /// <param name="Source">The sender's address.</param>
    /// <param name="SegmentBytes">Length of each datagram of a train but the last; 0 when it is one datagram.</param>
    /// <param name="IsTruncated">More was sent than the slot or the control block took.</param>
    public readonly record struct Message(
        int Offset, int Bytes, Ipv4Address Source, int SegmentBytes, bool IsTruncated);
}
