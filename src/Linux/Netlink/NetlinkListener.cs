using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>
/// Hears of changes to links, addresses, routes and neighbours (rtnetlink(7)), or to nftables' rules, of one network
/// namespace.
/// </summary>
/// <remarks>
/// The namespace is that of the thread which opens it; afterwards one thread reads, and is joined
/// before <see cref="Dispose"/>.
/// </remarks>
public sealed class NetlinkListener : IDisposable
{
    // A notification is one datagram of one message. The longest is a link's, 2 to 4 KiB; what is cut counts as lost.
    private const int BufferBytes = 32 * 1024;

    private readonly SafeFd _fd;
    private readonly byte[] _buffer = new byte[BufferBytes];

    private NetlinkListener(SafeFd fd) => _fd = fd;

    /// <summary>
    /// Listens from now on, in the network namespace of the calling thread. Needs no privilege.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    public static NetlinkListener Open(NetlinkTopics topics) => Open(Native.NETLINK_ROUTE, (uint)topics);

    /// <summary>
    /// Hears of every change of nftables' rules from now on (NFNLGRP_NFTABLES), in the network namespace of the calling
    /// thread: iptables-nft's are among them, those of the older iptables are not. Needs CAP_NET_ADMIN.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    public static NetlinkListener OpenRulesets() =>
        Open(Native.NETLINK_NETFILTER, 1u << (Native.NFNLGRP_NFTABLES - 1));

    private static unsafe NetlinkListener Open(int protocol, uint groups)
    {
        var fd = new SafeFd();
        try
        {
            int number = LibC.socket(
                LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, protocol);
            if (number < 0)
            {
                throw new LinuxException("socket", DescriptorIo.LastErrno(), "could not open a netlink socket");
            }

            fd.Adopt(number);

            // Port 0 has the kernel choose a free one. Safe because the address lives on this stack frame.
            var address = new sockaddr_nl { nl_family = (ushort)LibC.AF_NETLINK, nl_groups = groups };
            return LibC.bind(number, (sockaddr*)&address, sizeof(sockaddr_nl)) == 0
                ? new NetlinkListener(fd)
                : throw new LinuxException("bind", DescriptorIo.LastErrno(), "could not listen to the kernel");
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Waits until something has changed, or <paramref name="stop"/> is set.</summary>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public void Wait(EventSignal stop) => _ = Readiness.WaitReadable(stop, _fd);

    /// <summary>Takes what the kernel has told and nobody has read. Does not wait.</summary>
    /// <param name="events">Gets the changes in their order.</param>
    /// <exception cref="LinuxException">The socket fails.</exception>
    public void Read(ICollection<NetlinkEvent> events)
    {
        while (true)
        {
            int length = Receive(out uint sender, out Errno errno);
            if (length < 0 && errno == Errno.EAGAIN)
            {
                return;
            }

            if (length < 0 && errno != Errno.ENOBUFS)
            {
                throw new LinuxException("recvfrom", errno, "could not hear of the kernel's changes");
            }

            if (length < 0 || length > BufferBytes)
            {
                events.Add(new NetlinkEvent(NetlinkSubject.Lost, IsRemoval: false, 0, default, Port: 0));
            }
            else if (sender == 0) // any process may write to a netlink port; only the kernel's own is 0
            {
                Parse(_buffer.AsSpan(0, length), events);
            }
        }
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _fd.Dispose();

    /// <summary>Makes events of one datagram; one that makes no sense counts as lost.</summary>
    internal static void Parse(ReadOnlySpan<byte> datagram, ICollection<NetlinkEvent> events)
    {
        try
        {
            var messages = new NetlinkMessageReader(datagram);
            while (messages.TryRead(out NetlinkMessage message))
            {
                if (EventMessages.Parse(message) is { } change)
                {
                    events.Add(change);
                }
            }
        }
        catch (InvalidDataException)
        {
            events.Add(new NetlinkEvent(NetlinkSubject.Lost, IsRemoval: false, 0, default, Port: 0));
        }
    }

    // The length is the datagram's own, however much of it fits.
    private unsafe int Receive(out uint sender, out Errno errno)
    {
        using SafeFd.Borrowed borrowed = _fd.Borrow();
        Poison.Fill(_buffer);
        while (true)
        {
            sockaddr_nl from;
            socklen_t fromBytes = sizeof(sockaddr_nl);
            long length;

            // Safe because the buffer's length is passed and the address lives on this stack frame.
            fixed (byte* start = _buffer)
            {
                length = LibC.recvfrom(
                    borrowed.Number, start, BufferBytes, LibC.MSG_TRUNC, (sockaddr*)&from, &fromBytes);
            }

            errno = length < 0 ? DescriptorIo.LastErrno() : Errno.None;
            if (errno != Errno.EINTR)
            {
                sender = from.nl_pid;
                return (int)length;
            }
        }
    }
}
