using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Threading;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>Which way a captured frame went, seen from the interface.</summary>
public enum PacketDirection
{
    /// <summary>The interface received it, whomever it is addressed to.</summary>
    Incoming,
    /// <summary>This host sent it out of the interface.</summary>
    Outgoing,
}

/// <summary>Captures every frame that passes one interface (packet(7), SOCK_RAW).</summary>
/// <remarks>
/// For diagnosis and tests: one system call and one copy a frame. One thread at a time. A frame starts with the link
/// header of the interface: 14 bytes on Ethernet, none on TUN.
/// </remarks>
public sealed class PacketSocket : IDisposable
{
    private readonly SafeFd _fd;
    private readonly int _interfaceIndex;

    private PacketSocket(SafeFd fd, int interfaceIndex)
    {
        _fd = fd;
        _interfaceIndex = interfaceIndex;
    }

    /// <summary>Starts to capture, in the network namespace of the calling thread.</summary>
    /// <param name="interfaceIndex">1 or more. The interface may be down; its frames arrive once it is up.</param>
    /// <param name="filter">Which frames; null for all.</param>
    /// <exception cref="LinuxException">EPERM without CAP_NET_RAW; ENODEV when there is no such interface.</exception>
    public static PacketSocket Open(int interfaceIndex, FrameFilter? filter = null)
    {
        // The kernel takes 0 for "every interface".
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interfaceIndex);

        // Protocol 0 receives nothing: the capture begins with bind, so that no frame of another interface is queued.
        SafeFd fd = SocketOptions.Create(
            LibC.AF_PACKET, LibC.SOCK_RAW, 0, "could not open a packet socket", "run as root, or grant CAP_NET_RAW");
        try
        {
            if (filter is not null)
            {
                SetFilter(fd, filter);
            }

            Bind(fd, interfaceIndex);
            return new PacketSocket(fd, interfaceIndex);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next frame.</summary>
    /// <param name="frame">Takes the frame. A longer frame is cut to this length.</param>
    /// <param name="timeout">
    /// How long to wait; zero looks once, <see cref="Timeout.InfiniteTimeSpan"/> waits for ever. Rounded up to
    /// milliseconds.
    /// </param>
    /// <param name="length">Bytes written to <paramref name="frame"/>; 0 when nothing came.</param>
    /// <param name="direction">Which way it went; meaningful when true is returned.</param>
    /// <returns>False when nothing passed in time. An interface that is down or gone passes nothing.</returns>
    /// <exception cref="LinuxException">The kernel refused to receive, or to wait.</exception>
    public bool TryReceive(Span<byte> frame, TimeSpan timeout, out int length, out PacketDirection direction)
    {
        long started = Stopwatch.GetTimestamp();
        using SafeFd.Held held = _fd.Hold();
        do
        {
            if (TryReceiveNow(held.Number, frame, out length, out direction))
            {
                return true;
            }
        }
        while (WaitUntilReadable(held.Number, timeout, started));

        return false;
    }

    /// <summary>Has the kernel note when each frame passes (SIOCGSTAMPNS, socket(7)).</summary>
    /// <remarks>The kernel begins soon, not at once: until then a frame has the time at which it is received.</remarks>
    public void EnableTimestamps() => _ = LastTimestamp(); // asking enables it

    /// <summary>When the frame that was received last passed the interface.</summary>
    /// <returns>
    /// Nanoseconds since 1970-01-01 UTC (CLOCK_REALTIME); null before the first frame. A frame that goes up from a
    /// device to another above it within a namespace, a bridge say, keeps the time of the first.
    /// </returns>
    public unsafe long? LastTimestamp()
    {
        timespec stamp = default;
        using SafeFd.Held held = _fd.Hold();

        // Safe because the kernel writes one struct timespec, which this is on 64-bit machines.
        return LibC.ioctl(held.Number, Native.SIOCGSTAMPNS, &stamp) < 0
            ? null
            : ((long)stamp.tv_sec * 1_000_000_000) + (long)stamp.tv_nsec;
    }

    /// <summary>Has more frames wait than by default (SO_RCVBUFFORCE, where that is allowed).</summary>
    /// <param name="bytes">The kernel doubles it for its own bookkeeping.</param>
    public void EnlargeReceiveBuffer(int bytes) =>
        SocketOptions.EnlargeBuffer(_fd, LibC.SO_RCVBUFFORCE, LibC.SO_RCVBUF, bytes);

    /// <summary>Frames that did not fit since the last call (PACKET_STATISTICS, packet(7)).</summary>
    public unsafe long TakeLost()
    {
        tpacket_stats statistics = default;
        socklen_t length = sizeof(tpacket_stats);
        using SafeFd.Held held = _fd.Hold();

        // Safe because the length is that of the structure.
        return LibC.getsockopt(held.Number, LibC.SOL_PACKET, LibC.PACKET_STATISTICS, &statistics, &length) == 0
            ? statistics.tp_drops
            : 0;
    }

    /// <summary>Ends the capture.</summary>
    public void Dispose() => _fd.Dispose();

    private static unsafe void SetFilter(SafeFd fd, FrameFilter filter)
    {
        sock_filter[] program = filter.Program;
        Errno errno = Errno.None;
        fixed (sock_filter* first = program)
        {
            var whole = new sock_fprog { len = (ushort)program.Length, filter = first };
            using SafeFd.Held held = fd.Hold();

            // Safe because the kernel copies as many instructions as it is told there are (net/core/filter.c).
            if (LibC.setsockopt(
                held.Number, LibC.SOL_SOCKET, LibC.SO_ATTACH_FILTER, &whole, sizeof(sock_fprog)) != 0)
            {
                errno = DescriptorIo.LastErrno();
            }
        }

        if (errno != Errno.None)
        {
            throw new LinuxException("setsockopt", errno, "could not have frames filtered");
        }
    }

    private static unsafe void Bind(SafeFd fd, int interfaceIndex)
    {
        var address = new sockaddr_ll
        {
            sll_family = (ushort)LibC.AF_PACKET,
            // x86-64 and arm64 are little-endian.
            sll_protocol = BinaryPrimitives.ReverseEndianness(Native.ETH_P_ALL),
            sll_ifindex = interfaceIndex,
        };

        using SafeFd.Held held = fd.Hold();
        if (LibC.bind(held.Number, (sockaddr*)&address, sizeof(sockaddr_ll)) == 0)
        {
            return;
        }

        Errno errno = DescriptorIo.LastErrno();
        throw new LinuxException("bind", errno, "could not capture on interface "
            + $"{interfaceIndex}", errno == Errno.ENODEV
            ? "the interface is not in this network namespace"
            : null);
    }

    private unsafe bool TryReceiveNow(int fd, Span<byte> frame, out int length, out PacketDirection direction)
    {
        length = 0;
        direction = default;
        while (true)
        {
            sockaddr_ll source;
            socklen_t sourceBytes = sizeof(sockaddr_ll);
            long count;
            fixed (byte* start = frame)
            {
                // Safe because both lengths are those of what is pointed to.
                count = LibC.recvfrom(
                    fd, start, frame.Length, LibC.MSG_DONTWAIT, (sockaddr*)&source, &sourceBytes);
            }

            if (count >= 0)
            {
                length = (int)count;
                direction = source.sll_pkttype == LibC.PACKET_OUTGOING
                    ? PacketDirection.Outgoing
                    : PacketDirection.Incoming;
                return true;
            }

            Errno errno = DescriptorIo.LastErrno();
            switch (errno)
            {
                case Errno.EINTR:
                // Told once after the interface goes down; the capture goes on when it comes up
                // (net/packet/af_packet.c).
                case Errno.ENETDOWN:
                    continue;
                case Errno.EAGAIN:
                    return false;
                default:
                    throw new LinuxException("recvfrom", errno, $"could not receive from interface {_interfaceIndex}");
            }
        }
    }

    /// <summary>True when a receive may succeed; false when the time is up.</summary>
    private unsafe bool WaitUntilReadable(int fd, TimeSpan timeout, long started)
    {
        while (true)
        {
            int milliseconds = -1;
            if (timeout != Timeout.InfiniteTimeSpan)
            {
                double left = Math.Ceiling((timeout - Stopwatch.GetElapsedTime(started)).TotalMilliseconds);
                if (left <= 0)
                {
                    return false;
                }

                milliseconds = (int)Math.Min(left, int.MaxValue);
            }

            var entry = new pollfd { fd = fd, events = LibC.POLLIN };
            int ready = Readiness.Poll(&entry, 1, milliseconds);
            if (ready > 0)
            {
                return true;
            }

            if (ready < 0)
            {
                Errno errno = DescriptorIo.LastErrno();
                if (errno != Errno.EINTR)
                {
                    throw new LinuxException("ppoll", errno, $"could not wait for interface {_interfaceIndex}");
                }
            }
        }
    }
}
