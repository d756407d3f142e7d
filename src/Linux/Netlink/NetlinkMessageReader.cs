using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>Walks the messages of one received datagram (netlink(7)).</summary>
/// <remarks>Bytes that do not add up throw <see cref="InvalidDataException"/>, here and in what it hands out.</remarks>
internal ref struct NetlinkMessageReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Takes the next message.</summary>
    /// <returns>False at the end of the datagram.</returns>
    /// <exception cref="InvalidDataException">A header is cut short, or claims more bytes than there are.</exception>
    internal bool TryRead(out NetlinkMessage message)
    {
        if (_rest.IsEmpty)
        {
            message = default;
            return false;
        }

        nlmsghdr header = NetlinkBytes.Read<nlmsghdr>(_rest);
        if (header.nlmsg_len < Unsafe.SizeOf<nlmsghdr>() || header.nlmsg_len > _rest.Length)
        {
            throw new InvalidDataException(
                $"netlink message claims {header.nlmsg_len} bytes; the datagram has {_rest.Length} left");
        }

        int length = (int)header.nlmsg_len;
        message = new NetlinkMessage(header, _rest[Unsafe.SizeOf<nlmsghdr>()..length]);
        _rest = NetlinkBytes.SkipAligned(_rest, length);
        return true;
    }
}

/// <summary>One message, borrowed from the datagram.</summary>
internal readonly ref struct NetlinkMessage(nlmsghdr header, ReadOnlySpan<byte> payload)
{
    /// <summary>Its header, lengths checked.</summary>
    internal nlmsghdr Header { get; } = header;

    /// <summary>What follows the header, without trailing padding.</summary>
    internal ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>Reads the family header, and the attributes behind it.</summary>
    /// <exception cref="InvalidDataException">The payload is shorter than the family header.</exception>
    internal T Read<T>(out NetlinkAttributeReader attributes)
        where T : unmanaged
    {
        T family = NetlinkBytes.Read<T>(Payload);
        attributes = new NetlinkAttributeReader(NetlinkBytes.SkipAligned(Payload, Unsafe.SizeOf<T>()));
        return family;
    }
}

/// <summary>Walks attributes, of a message or nested in another attribute.</summary>
internal ref struct NetlinkAttributeReader(ReadOnlySpan<byte> attributes)
{
    private ReadOnlySpan<byte> _rest = attributes;

    /// <summary>Takes the next attribute.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">A header is cut short, or claims more bytes than there are.</exception>
    internal bool TryRead(out NetlinkAttribute attribute)
    {
        if (_rest.IsEmpty)
        {
            attribute = default;
            return false;
        }

        nlattr header = NetlinkBytes.Read<nlattr>(_rest);
        if (header.nla_len < Unsafe.SizeOf<nlattr>() || header.nla_len > _rest.Length)
        {
            throw new InvalidDataException(
                $"netlink attribute claims {header.nla_len} bytes; the message has {_rest.Length} left");
        }

        attribute = new NetlinkAttribute(
            header.nla_type & Native.NLA_TYPE_MASK,
            _rest[Unsafe.SizeOf<nlattr>()..header.nla_len]);
        _rest = NetlinkBytes.SkipAligned(_rest, header.nla_len);
        return true;
    }
}

/// <summary>One attribute, borrowed from the datagram.</summary>
internal readonly ref struct NetlinkAttribute(int type, ReadOnlySpan<byte> value)
{
    /// <summary>IFLA_*, IFA_*, RTA_*: without the NLA_F_NESTED and NLA_F_NET_BYTEORDER bits.</summary>
    internal int Type { get; } = type;

    /// <summary>Its bytes, without padding.</summary>
    internal ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>A structure, or the beginning of a longer one.</summary>
    /// <exception cref="InvalidDataException">Fewer bytes than it has.</exception>
    internal T As<T>()
        where T : unmanaged => NetlinkBytes.Read<T>(Value);

    /// <summary>A number in the machine's byte order.</summary>
    /// <exception cref="InvalidDataException">Fewer than 4 bytes.</exception>
    internal uint AsUInt32() => NetlinkBytes.Read<uint>(Value);

    /// <summary>An IPv4 address.</summary>
    /// <exception cref="InvalidDataException">Not 4 bytes.</exception>
    internal Ipv4Address AsIpv4() => Value.Length == Ipv4Address.ByteCount
        ? Ipv4Address.Read(Value)
        : throw new InvalidDataException($"netlink attribute {Type} has {Value.Length} bytes; an IPv4 address has 4");

    /// <summary>Text up to the first NUL, or to the end.</summary>
    internal string AsString()
    {
        int end = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
    }

    /// <summary>The attributes inside.</summary>
    internal NetlinkAttributeReader AsNested() => new(Value);
}

/// <summary>Checked access to received bytes.</summary>
file static class NetlinkBytes
{
    internal static T Read<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged
    {
        return MemoryMarshal.TryRead(bytes, out T value)
            ? value
            : throw new InvalidDataException(
                $"netlink: {bytes.Length} bytes where {typeof(T).Name} needs {Unsafe.SizeOf<T>()}");
    }

    // The last part of a message may come without its padding.
    internal static ReadOnlySpan<byte> SkipAligned(ReadOnlySpan<byte> bytes, int length) =>
        bytes[Math.Min(NetlinkAlignment.RoundUp(length), bytes.Length)..];
}
