using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>Builds one netlink request in borrowed memory: header, family header, attributes (netlink(7)).</summary>
/// <remarks>
/// What the buffer held before does not matter: padding is written too. A buffer that is too small is a fault of the
/// caller and throws <see cref="ArgumentException"/>; nothing is written past its end.
/// </remarks>
internal ref struct NetlinkMessageWriter
{
    private readonly Span<byte> _buffer;
    private int _length;

    /// <summary>Starts a message.</summary>
    /// <param name="buffer">Memory for the whole message.</param>
    /// <param name="type">RTM_*.</param>
    /// <param name="flags">NLM_F_*; NLM_F_REQUEST is added.</param>
    internal NetlinkMessageWriter(Span<byte> buffer, ushort type, ushort flags)
    {
        _buffer = buffer;
        WriteStruct(new nlmsghdr { nlmsg_type = type, nlmsg_flags = (ushort)(flags | Native.NLM_F_REQUEST) });
    }

    /// <summary>Appends a family header (ifinfomsg, ifaddrmsg, rtmsg) and its padding.</summary>
    internal void WriteStruct<T>(in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in value);
    }

    /// <summary>Appends an attribute with these bytes and its padding.</summary>
    internal void WriteAttribute(ushort type, scoped ReadOnlySpan<byte> value)
    {
        WriteStruct(new nlattr
        {
            nla_len = checked((ushort)(Unsafe.SizeOf<nlattr>() + value.Length)),
            nla_type = type,
        });
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Appends a number in the machine's byte order.</summary>
    internal void WriteAttribute(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, in value);
        WriteAttribute(type, bytes);
    }

    /// <summary>Appends an IPv4 address.</summary>
    internal void WriteIpv4Attribute(ushort type, Ipv4Address address)
    {
        Span<byte> bytes = stackalloc byte[Ipv4Address.ByteCount];
        address.Write(bytes);
        WriteAttribute(type, bytes);
    }

    /// <summary>Appends an Ethernet address.</summary>
    internal void WriteMacAttribute(ushort type, MacAddress address)
    {
        Span<byte> bytes = stackalloc byte[MacAddress.ByteCount];
        address.Write(bytes);
        WriteAttribute(type, bytes);
    }

    /// <summary>Appends UTF-8 text with the NUL the kernel expects.</summary>
    internal void WriteStringAttribute(ushort type, string text) => WriteAttribute(type, CString.From(text));

    /// <summary>Opens an attribute whose value is attributes.</summary>
    /// <returns>What <see cref="EndNested"/> takes to close it.</returns>
    internal int BeginNested(ushort type)
    {
        int start = _length;
        WriteStruct(new nlattr { nla_type = type });
        return start;
    }

    /// <summary>Closes the innermost open attribute.</summary>
    internal readonly void EndNested(int start)
    {
        Debug.Assert(start >= 0 && start + Unsafe.SizeOf<nlattr>() <= _length, "what is closed has been opened");
        ushort length = checked((ushort)(_length - start));
        MemoryMarshal.Write(_buffer[start..], in length);
    }

    /// <summary>Completes the header.</summary>
    /// <returns>The message: the written part of the buffer, with sequence number and port still 0.</returns>
    internal readonly Span<byte> Finish()
    {
        uint length = (uint)_length;
        MemoryMarshal.Write(_buffer, in length);
        return _buffer[.._length];
    }

    private Span<byte> Take(int bytes)
    {
        int aligned = NetlinkAlignment.RoundUp(bytes);
        Span<byte> taken = _buffer.Slice(_length, aligned);
        taken[bytes..].Clear();
        _length += aligned;
        return taken[..bytes];
    }
}

/// <summary>NLMSG_ALIGN and NLA_ALIGN, linux/netlink.h.</summary>
internal static class NetlinkAlignment
{
    /// <summary>The next multiple of 4.</summary>
    internal static int RoundUp(int bytes) => (bytes + Native.NLMSG_ALIGNTO - 1) & ~(Native.NLMSG_ALIGNTO - 1);
}
