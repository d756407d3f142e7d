using System;
using System.Collections.Generic;
using System.IO;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>Makes a value of a message, or null when the message is of no interest.</summary>
/// <exception cref="InvalidDataException">The message is malformed.</exception>
internal delegate T? NetlinkMessageParser<T>(NetlinkMessage message)
    where T : class;

/// <summary>What the kernel answered to a request.</summary>
/// <param name="Errno"><see cref="Errno.None"/> when it was done.</param>
/// <param name="Explanation">The kernel's own words (extended acknowledgement, Linux 4.12), when it has any.</param>
internal readonly record struct NetlinkAnswer(Errno Errno, string? Explanation);

/// <summary>One conversation with the kernel: a request, its replies, its end (netlink(7)).</summary>
/// <remarks>
/// One conversation at a time; a second one beside it is refused, for each would wait for what the other has read.
/// Blocking: the kernel answers a request inside sendto(2), and fills a dump as it is read.
/// Malformed replies throw <see cref="InvalidDataException"/>; a failing socket throws <see cref="LinuxException"/>.
/// </remarks>
internal sealed class NetlinkSocket : IDisposable
{
    // The kernel fills dump datagrams up to the largest buffer it has been offered, at most 32 KiB (netlink_dump).
    private const int DefaultBufferBytes = 32 * 1024;

    // A dump that raced with a change is repeated; a machine that disturbs every one of ten should be heard of.
    private const int MaximumDumpAttempts = 10;

    private readonly SafeFd _fd;
    private readonly uint _port;
    private byte[] _buffer;
    private uint _sequence;
    private int _isConversing; // 1 while a conversation goes on

    private NetlinkSocket(SafeFd fd, uint port, int bufferBytes)
    {
        _fd = fd;
        _port = port;
        _buffer = new byte[bufferBytes];
    }

    /// <summary>The port that the kernel has chosen (netlink(7), nl_pid).</summary>
    internal uint Port => _port;

    /// <summary>Opens a socket in the network namespace of the calling thread. Needs no privilege.</summary>
    /// <param name="protocol">NETLINK_*.</param>
    /// <param name="bufferBytes">The first size of the receive buffer; it grows to the longest datagram met.</param>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    internal static NetlinkSocket Open(int protocol, int bufferBytes = DefaultBufferBytes)
    {
        var fd = new SafeFd();
        try
        {
            int number = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, protocol);
            if (number < 0)
            {
                throw Failure("socket", "could not open a netlink socket");
            }

            fd.Adopt(number);
            return new NetlinkSocket(fd, Bind(fd), bufferBytes);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Has the kernel do one thing.</summary>
    /// <param name="request">A message with NLM_F_ACK; its sequence number is set here.</param>
    internal NetlinkAnswer Execute(Span<byte> request) => Converse<object>(request, null, [], out _);

    /// <summary>Asks for one object.</summary>
    /// <param name="request">A message with NLM_F_ACK; its sequence number is set here.</param>
    /// <param name="parse">Called for each reply.</param>
    /// <param name="found">What the last reply held; null when there was none.</param>
    internal NetlinkAnswer Query<T>(Span<byte> request, NetlinkMessageParser<T> parse, out T? found)
        where T : class
    {
        List<T> replies = [];
        NetlinkAnswer answer = Converse(request, parse, replies, out _);
        found = replies.Count > 0 ? replies[^1] : null;
        return answer;
    }

    /// <summary>Asks for all objects, again when they changed meanwhile (NLM_F_DUMP_INTR).</summary>
    /// <param name="request">A message with NLM_F_DUMP; its sequence number is set here.</param>
    /// <param name="parse">Called for each object.</param>
    /// <param name="found">All objects of one undisturbed dump, in the kernel's order.</param>
    /// <returns>EAGAIN when every attempt was disturbed.</returns>
    /// <remarks>
    /// Not airtight while others make changes: on Linux 6.18, with 5,600 addresses added and as many deleted meanwhile,
    /// one run in three had a dump that missed an address without a notice. Who must be sure asks again.
    /// </remarks>
    internal NetlinkAnswer Dump<T>(Span<byte> request, NetlinkMessageParser<T> parse, out List<T> found)
        where T : class
    {
        for (int attempt = 0; attempt < MaximumDumpAttempts; attempt++)
        {
            found = [];
            NetlinkAnswer answer = Converse(request, parse, found, out bool disturbed);
            if (!disturbed || answer.Errno != Errno.None)
            {
                return answer;
            }
        }

        found = [];
        return new NetlinkAnswer(Errno.EAGAIN, $"changed during each of {MaximumDumpAttempts} dumps");
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => _fd.Dispose();

    private NetlinkAnswer Converse<T>(
        Span<byte> request, NetlinkMessageParser<T>? parse, List<T> replies, out bool disturbed)
        where T : class
    {
        if (Interlocked.Exchange(ref _isConversing, 1) != 0)
        {
            throw new InvalidOperationException("another thread converses on this netlink socket");
        }

        try
        {
            return ConverseAlone(request, parse, replies, out disturbed);
        }
        finally
        {
            Volatile.Write(ref _isConversing, 0);
        }
    }

    private NetlinkAnswer ConverseAlone<T>(
        Span<byte> request, NetlinkMessageParser<T>? parse, List<T> replies, out bool disturbed)
        where T : class
    {
        nlmsghdr header = MemoryMarshal.Read<nlmsghdr>(request);
        header.nlmsg_seq = ++_sequence;
        MemoryMarshal.Write(request, in header);

        using SafeFd.Held held = _fd.Hold();
        Send(held.Number, request);
        disturbed = false;
        while (true)
        {
            var messages = new NetlinkMessageReader(ReceiveFromKernel(held.Number));
            while (messages.TryRead(out NetlinkMessage message))
            {
                // What an abandoned conversation left behind.
                if (message.Header.nlmsg_seq != _sequence || message.Header.nlmsg_pid != _port)
                {
                    continue;
                }

                disturbed |= (message.Header.nlmsg_flags & Native.NLM_F_DUMP_INTR) != 0;
                switch (message.Header.nlmsg_type)
                {
                    case Native.NLMSG_ERROR:
                    case Native.NLMSG_DONE:
                        return ReadAnswer(message);
                    default:
                        if (parse?.Invoke(message) is { } reply)
                        {
                            replies.Add(reply);
                        }

                        break;
                }
            }
        }
    }

    /// <summary>
    /// Reads the last message of a conversation: NLMSG_ERROR (0 is the acknowledgement) or NLMSG_DONE.
    /// </summary>
    /// <exception cref="InvalidDataException">It is cut short.</exception>
    internal static NetlinkAnswer ReadAnswer(NetlinkMessage message)
    {
        int error;
        NetlinkAttributeReader attributes;
        if (message.Header.nlmsg_type == Native.NLMSG_DONE)
        {
            error = message.Read<int>(out attributes);
        }
        else
        {
            nlmsgerr answer = message.Read<nlmsgerr>(out attributes);
            error = answer.error;

            // Without NLM_F_CAPPED the refused request is quoted in full before the attributes.
            if (error != 0 && (message.Header.nlmsg_flags & Native.NLM_F_CAPPED) == 0)
            {
                long quoted = Math.Max(0L, (long)answer.msg.nlmsg_len - Unsafe.SizeOf<nlmsghdr>());
                long end = (Unsafe.SizeOf<nlmsgerr>() + quoted + Native.NLMSG_ALIGNTO - 1) & -Native.NLMSG_ALIGNTO;
                int start = (int)Math.Min(message.Payload.Length, end);
                attributes = new NetlinkAttributeReader(message.Payload[start..]);
            }
        }

        string? explanation = null;
        if ((message.Header.nlmsg_flags & Native.NLM_F_ACK_TLVS) != 0)
        {
            while (attributes.TryRead(out NetlinkAttribute attribute))
            {
                if (attribute.Type == Native.NLMSGERR_ATTR_MSG)
                {
                    explanation = attribute.AsString();
                }
            }
        }

        return new NetlinkAnswer((Errno)unchecked(-error), explanation);
    }

    private static unsafe uint Bind(SafeFd fd)
    {
        // Port 0 has the kernel choose a free one.
        var address = new sockaddr_nl { nl_family = (ushort)LibC.AF_NETLINK };
        socklen_t addressBytes = sizeof(sockaddr_nl);
        using SafeFd.Held held = fd.Hold();
        if (LibC.bind(held.Number, (sockaddr*)&address, addressBytes) != 0)
        {
            throw Failure("bind", "could not bind a netlink socket");
        }

        if (LibC.getsockname(held.Number, (sockaddr*)&address, &addressBytes) != 0)
        {
            throw Failure("getsockname", "could not learn the port of a netlink socket");
        }

        // Refinements, absent before Linux 4.12 and 4.3: words with an error; errors that do not quote the request.
        int on = 1;
        _ = LibC.setsockopt(held.Number, LibC.SOL_NETLINK, Native.NETLINK_EXT_ACK, &on, sizeof(int));
        _ = LibC.setsockopt(held.Number, LibC.SOL_NETLINK, Native.NETLINK_CAP_ACK, &on, sizeof(int));
        return address.nl_pid;
    }

    private static unsafe void Send(int fd, ReadOnlySpan<byte> request)
    {
        var kernel = new sockaddr_nl { nl_family = (ushort)LibC.AF_NETLINK };
        while (true)
        {
            long sent;
            fixed (byte* start = request)
            {
                sent = LibC.sendto(fd, start, request.Length, 0, (sockaddr*)&kernel, sizeof(sockaddr_nl));
            }

            if (sent >= 0)
            {
                return;
            }

            if (DescriptorIo.LastErrno() != Errno.EINTR)
            {
                throw Failure("sendto", "could not send a netlink request");
            }
        }
    }

    /// <summary>The next datagram from the kernel, whole. Borrowed until the next call.</summary>
    private ReadOnlySpan<byte> ReceiveFromKernel(int fd)
    {
        Poison.Fill(_buffer);
        while (true)
        {
            // Looking first tells the true length while the datagram can still be had.
            int length = Receive(fd, LibC.MSG_PEEK | LibC.MSG_TRUNC, out _);
            if (length > _buffer.Length)
            {
                _buffer = new byte[BitOperations.RoundUpToPowerOf2((uint)length)];
            }

            length = Receive(fd, LibC.MSG_TRUNC, out uint senderPort);
            if (length > _buffer.Length)
            {
                throw new InvalidDataException($"netlink datagram of {length} bytes; {_buffer.Length} were expected");
            }

            // Any process may write to a netlink port; only the kernel's own is 0.
            if (senderPort == 0)
            {
                return _buffer.AsSpan(0, length);
            }
        }
    }

    private unsafe int Receive(int fd, int flags, out uint senderPort)
    {
        while (true)
        {
            sockaddr_nl sender;
            socklen_t senderBytes = sizeof(sockaddr_nl);
            long length;
            fixed (byte* start = _buffer)
            {
                length = LibC.recvfrom(fd, start, _buffer.Length, flags, (sockaddr*)&sender, &senderBytes);
            }

            if (length >= 0)
            {
                senderPort = sender.nl_pid;
                return (int)length;
            }

            if (DescriptorIo.LastErrno() != Errno.EINTR)
            {
                throw Failure("recvfrom", "could not receive a netlink reply");
            }
        }
    }

    private static LinuxException Failure(string call, string what) =>
        new(call, DescriptorIo.LastErrno(), what);
}
