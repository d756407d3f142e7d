using System;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>One unconnected, non-blocking IPv4 UDP socket (udp(7)), for sending and receiving.</summary>
/// <remarks>One thread may send while another receives.</remarks>
public sealed unsafe class UdpSocket : IDisposable
{
    private readonly SafeFd _fd;

    private UdpSocket(SafeFd fd) => _fd = fd;

    /// <summary>The descriptor, for waiting.</summary>
    public SafeFd Descriptor => _fd;

    /// <summary>Opens and binds.</summary>
    /// <param name="address">A local address; 0.0.0.0 for any.</param>
    /// <param name="port">0 to 65535; 0 lets the kernel choose.</param>
    /// <param name="bufferBytes">Wanted size of each socket buffer.</param>
    /// <param name="isShared">Whether several sockets may have the port, each getting its share of the senders
    /// (SO_REUSEPORT).</param>
    /// <exception cref="LinuxException">The port is busy or the address is not local.</exception>
    public static UdpSocket Bind(Ipv4Address address, ushort port, int bufferBytes, bool isShared = false)
    {
        string endpoint = $"{address}:{port}";
        SafeFd fd = SocketOptions.Create(
            LibC.AF_INET, LibC.SOCK_DGRAM, LibC.IPPROTO_UDP, "could not open a UDP socket", null);
        try
        {
            SocketOptions.EnlargeBuffer(fd, LibC.SO_RCVBUFFORCE, LibC.SO_RCVBUF, bufferBytes);
            SocketOptions.EnlargeBuffer(fd, LibC.SO_SNDBUFFORCE, LibC.SO_SNDBUF, bufferBytes);
            if (isShared && !SocketOptions.TrySet(fd, LibC.SOL_SOCKET, LibC.SO_REUSEPORT, 1, out Errno refused))
            {
                throw new LinuxException("setsockopt", refused, $"could not share UDP {endpoint} between workers");
            }

            SocketOptions.Bind(fd, SocketAddress.Create(address, port), $"could not listen on UDP {endpoint}",
                inUseAdvice: () => "another process has the port"
                    + (Holders.OfUdpPort(port) is { } holder ? $": {holder}; end it, or" : ";")
                    + $" find it with: ss -ulnp sport = :{port}",
                notLocalAdvice: "the address is not on this host; look at: ip address");
            return new UdpSocket(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a socket that an earlier owner has bound.</summary>
    /// <param name="descriptor">Any; it becomes the socket's.</param>
    /// <param name="address">What it has to be bound to.</param>
    /// <param name="port">Likewise.</param>
    /// <param name="isShared">Whether it has to share the port.</param>
    /// <returns>Null, and the descriptor is closed, when it is something else.</returns>
    public static UdpSocket? Adopt(SafeFd descriptor, Ipv4Address address, ushort port, bool isShared)
    {
        if (OwnAddress(descriptor) is { } own
            && SocketAddress.AddressOf(own) == address && SocketAddress.PortOf(own) == port
            && SocketOptions.Get(descriptor, LibC.SOL_SOCKET, LibC.SO_TYPE) == LibC.SOCK_DGRAM
            && SocketOptions.Get(descriptor, LibC.SOL_SOCKET, LibC.SO_REUSEPORT) == (isShared ? 1 : 0))
        {
            return new UdpSocket(descriptor);
        }

        descriptor.Dispose();
        return null;
    }

    /// <summary>The port it is bound to.</summary>
    public ushort LocalPort => OwnAddress(_fd) is { } own ? SocketAddress.PortOf(own) : (ushort)0;

    /// <summary>Has more fit into the send buffer: datagrams that wait for a link address count to it.</summary>
    /// <param name="bytes">The kernel doubles it for its own bookkeeping.</param>
    public void EnlargeSendBuffer(int bytes) =>
        SocketOptions.EnlargeBuffer(_fd, LibC.SO_SNDBUFFORCE, LibC.SO_SNDBUF, bytes);

    /// <summary>Sends one datagram by itself: for what is not on the packet path.</summary>
    /// <returns>Bytes sent, or the errno.</returns>
    public SyscallResult Send(Ipv4Address address, ushort port, ReadOnlySpan<byte> datagram)
    {
        sockaddr_in to = SocketAddress.Create(address, port);
        using SafeFd.Held held = _fd.Hold();
        fixed (byte* start = datagram)
        {
            // Safe because the kernel reads only as many bytes as it is told there are.
            long sent = LibC.sendto(
                held.Number, start, datagram.Length, LibC.MSG_DONTWAIT, (sockaddr*)&to, sizeof(sockaddr_in));
            return sent >= 0
                ? SyscallResult.FromCount((int)sent) : SyscallResult.FromErrno(DescriptorIo.LastErrno());
        }
    }

    /// <summary>Datagrams leave without a checksum from now on (SO_NO_CHECK; RFC 768 allows it in IPv4).</summary>
    /// <returns>0, or the errno.</returns>
    public SyscallResult OmitChecksums() => SocketOptions.Set(_fd, LibC.SOL_SOCKET, LibC.SO_NO_CHECK, 1);

    /// <summary>Sends messages of a batch, in order, until one fails or the send buffer is full.</summary>
    /// <param name="batch">The messages.</param>
    /// <param name="first">Where to begin.</param>
    /// <param name="count">How many; one is one sendmsg(2), more are one sendmmsg(2).</param>
    /// <returns>
    /// Messages sent, 1 or more; or why message <paramref name="first"/> could not be: EAGAIN when the send buffer is
    /// full.
    /// </returns>
    public SyscallResult Send(SendBatch batch, int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, batch.Count - first);
        int flags = LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL;
        using SafeFd.Borrowed borrowed = _fd.Borrow();
        while (true)
        {
            // Safe because first + count messages are filled, whose vectors lie in a slab that outlives the batch.
            mmsghdr* messages = batch.MessagesFrom(first, count);
            long sent = count == 1
                ? LibC.sendmsg(borrowed.Number, (msghdr*)messages, flags)
                : Native.sendmmsg(borrowed.Number, messages, (uint)count, flags);
            if (sent >= 0)
            {
                return SyscallResult.FromCount(count == 1 ? 1 : (int)sent);
            }

            Errno errno = DescriptorIo.LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>Empties the batch, then receives what waits.</summary>
    /// <param name="batch">Takes the messages.</param>
    /// <param name="atMost">1 to the batch's capacity; one is one recvmsg(2), more are one recvmmsg(2).</param>
    /// <returns>Messages received, 1 or more; or the errno: EAGAIN when none was waiting.</returns>
    public SyscallResult Receive(ReceiveBatch batch, int atMost)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atMost);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(atMost, batch.Capacity);
        batch.Clear();
        using SafeFd.Borrowed borrowed = _fd.Borrow();
        while (true)
        {
            batch.Prepare(atMost);

            // Safe because atMost headers are prepared, each with a slot of its own inside the slab.
            mmsghdr* messages = batch.FirstMessages(atMost);
            long received = atMost == 1
                ? LibC.recvmsg(borrowed.Number, (msghdr*)messages, LibC.MSG_DONTWAIT)
                : Native.recvmmsg(borrowed.Number, messages, (uint)atMost, LibC.MSG_DONTWAIT, null);
            if (received >= 0)
            {
                if (atMost == 1)
                {
                    messages->msg_len = (uint)received;
                    received = 1;
                }

                batch.Complete((int)received);
                return SyscallResult.FromCount((int)received);
            }

            Errno errno = DescriptorIo.LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>Asks for reports about datagrams that did not arrive (IP_RECVERR, ip(7)).</summary>
    /// <returns>0, or the errno.</returns>
    /// <remarks>
    /// A report from elsewhere also makes the next call fail with its errno, whichever address that call is about, and
    /// so does the next one in the queue once it has been taken. The descriptor is readable until
    /// <see cref="TryReadError"/> has taken all.
    /// </remarks>
    public SyscallResult SetErrorReports(bool on) =>
        SocketOptions.Set(_fd, LibC.IPPROTO_IP, LibC.IP_RECVERR, on ? 1 : 0);

    /// <summary>What becomes of a datagram that is too long for its path (IP_MTU_DISCOVER, ip(7)).</summary>
    /// <param name="fragments">
    /// True: the kernel fragments it, and sets DF on those that fit (IP_PMTUDISC_WANT, the system's default). False: it
    /// is refused with EMSGSIZE, and all carry DF, those of a train too (IP_PMTUDISC_DO).
    /// </param>
    public void SetFragmentation(bool fragments) => _ = SocketOptions.Set(
        // both are always allowed
        _fd, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, fragments ? LibC.IP_PMTUDISC_WANT : LibC.IP_PMTUDISC_DO);

    /// <summary>Takes one report from the queue.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryReadError(out DatagramError error)
    {
        const int ControlBytes = 256;
        byte* control = stackalloc byte[ControlBytes];
        sockaddr_in destination = default;
        var message = new msghdr
        {
            msg_name = &destination,
            msg_namelen = sizeof(sockaddr_in),
            msg_control = control,
            msg_controllen = ControlBytes,
        };

        using SafeFd.Borrowed borrowed = _fd.Borrow();

        // Safe because every buffer lives on this stack frame and its length is passed. The datagram itself is not
        // asked for.
        if (LibC.recvmsg(borrowed.Number, &message, LibC.MSG_ERRQUEUE | LibC.MSG_DONTWAIT) < 0)
        {
            error = default;
            return false;
        }

        Ipv4Address address = SocketAddress.AddressOf(destination);
        var header = (cmsghdr*)control;

        // Safe because controllen, as the kernel left it, covers header and value.
        if (message.msg_controllen >= sizeof(cmsghdr) + sizeof(sock_extended_err)
            && header->cmsg_level == LibC.IPPROTO_IP && header->cmsg_type == LibC.IP_RECVERR)
        {
            var report = (sock_extended_err*)(header + 1);
            var errno = (Errno)report->ee_errno;
            int mtu = errno == Errno.EMSGSIZE ? (int)Math.Min(report->ee_info, ushort.MaxValue) : 0;
            bool isIcmp = report->ee_origin == LibC.SO_EE_ORIGIN_ICMP;
            error = new DatagramError(
                address, errno, mtu, report->ee_origin == LibC.SO_EE_ORIGIN_LOCAL,
                isIcmp ? report->ee_type : (byte)0, isIcmp ? report->ee_code : (byte)0)
            {
                Offender = isIcmp && HasOffender(message)
                    ? SocketAddress.AddressOf(*(sockaddr_in*)(report + 1))
                    : default,
            };
        }
        else
        {
            error = new DatagramError(address, Errno.None, 0);
        }

        return true;
    }

    // Null of another family's.
    private static sockaddr_in? OwnAddress(SafeFd descriptor)
    {
        sockaddr_in own = default;
        socklen_t length = sizeof(sockaddr_in);
        using SafeFd.Held held = descriptor.Hold();

        // Safe because the length is that of the structure: a longer address is cut off.
        return LibC.getsockname(held.Number, (sockaddr*)&own, &length) == 0 && own.sin_family == LibC.AF_INET
            ? own
            : null;
    }

    // Behind the report stands who sent the error (SO_EE_OFFENDER, linux/errqueue.h).
    private static bool HasOffender(in msghdr message) =>
        message.msg_controllen >= (ulong)(sizeof(cmsghdr) + sizeof(sock_extended_err) + sizeof(sockaddr_in));

    /// <summary>
    /// Asks the kernel to put datagrams of one sender together into trains (UDP_GRO, udp(7); Linux 5.0), or not to.
    /// </summary>
    /// <returns>0, or the errno: ENOPROTOOPT when the kernel cannot.</returns>
    public SyscallResult SetReceiveTrains(bool on) =>
        SocketOptions.Set(_fd, LibC.IPPROTO_UDP, Native.UDP_GRO, on ? 1 : 0);

    /// <summary>Whether sendmmsg(2) and recvmmsg(2) may be called: with no message they only say so.</summary>
    /// <returns>0, or the errno: ENOSYS or EPERM where a filter forbids one of them.</returns>
    public SyscallResult ProbeMessageBatches()
    {
        using SafeFd.Held held = _fd.Hold();

        // Safe because with a length of 0 no message is looked at.
        return Native.sendmmsg(held.Number, null, 0, LibC.MSG_DONTWAIT) < 0
            || Native.recvmmsg(held.Number, null, 0, LibC.MSG_DONTWAIT, null) < 0
            ? SyscallResult.FromErrno(DescriptorIo.LastErrno())
            : SyscallResult.FromCount(0);
    }

    /// <summary>Whether the kernel knows how to cut trains apart (UDP_SEGMENT, udp(7); Linux 4.18).</summary>
    /// <returns>0, or the errno: ENOPROTOOPT when it does not.</returns>
    public SyscallResult ProbeSendTrains() =>
        // 0 is the default: a train only where a message says so.
        SocketOptions.Set(_fd, LibC.IPPROTO_UDP, Native.UDP_SEGMENT, 0);

    /// <summary>Finds out on the loopback interface whether the kernel lets a train have so many datagrams.</summary>
    /// <param name="datagrams">2 or more.</param>
    /// <returns>False also where the loopback interface is down.</returns>
    public static bool TakesTrainOf(int datagrams)
    {
        const ushort Discard = 9; // RFC 863; nobody listens
        using var slab = new PinnedSlab(datagrams);
        using var batch = new SendBatch(slab, messages: 1, pieces: 1);
        slab.Slice(0, slab.LengthBytes).Clear();
        batch.Begin(Ipv4Address.Loopback, Discard);
        batch.Add(0, slab.LengthBytes);
        batch.MakeTrain(1);
        try
        {
            // Bound, so that it cannot leave the host where the loopback interface has no route.
            using UdpSocket socket = Bind(Ipv4Address.Loopback, 0, bufferBytes: 1 << 16);
            return socket.Send(batch, 0, 1).Succeeded;
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EADDRNOTAVAIL)
        {
            return false;
        }
    }

    /// <summary>Reads what the socket holds, and what did not fit.</summary>
    /// <returns>Null when the kernel does not tell.</returns>
    public SocketMemory? ReadMemory()
    {
        const int Values = Native.SK_MEMINFO_DROPS + 1;
        uint* values = stackalloc uint[Values];
        socklen_t length = Values * sizeof(uint);
        using SafeFd.Held held = _fd.Hold();

        // Safe because the length is that of the array; a kernel that knows fewer values says so in it.
        bool isKnown = LibC.getsockopt(held.Number, LibC.SOL_SOCKET, LibC.SO_MEMINFO, values, &length) == 0
            && length == Values * sizeof(uint);
        return !isKnown ? null : new SocketMemory(
            values[Native.SK_MEMINFO_RMEM_ALLOC], values[Native.SK_MEMINFO_RCVBUF],
            values[Native.SK_MEMINFO_WMEM_ALLOC], values[Native.SK_MEMINFO_SNDBUF], values[Native.SK_MEMINFO_DROPS]);
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
