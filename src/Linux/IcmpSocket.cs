using System;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A raw ICMP socket (raw(7)) that only sends: the kernel adds the IP header and routes the message.</summary>
/// <remarks>Several threads may send. Needs CAP_NET_RAW.</remarks>
public sealed unsafe class IcmpSocket : IDisposable
{
    // RFC 1812, section 4.3.2.5: errors go out with precedence 6 or 7.
    private const int InternetworkControl = 0xC0;

    private readonly SafeFd _fd;

    private IcmpSocket(SafeFd fd) => _fd = fd;

    /// <summary>
    /// Opens the socket. It is not bound: the kernel chooses the source by the route to each destination.
    /// </summary>
    /// <exception cref="LinuxException">The privilege is missing.</exception>
    public static IcmpSocket Open()
    {
        SafeFd fd = SocketOptions.Create(LibC.AF_INET, LibC.SOCK_RAW, LibC.IPPROTO_ICMP,
            "could not open a raw ICMP socket", "run as root, or grant CAP_NET_RAW");
        try
        {
            // Every set bit is a type that is not queued for reading (raw(7), ICMP_FILTER): this socket never reads.
            if (!SocketOptions.TrySet(fd, LibC.SOL_RAW, Native.ICMP_FILTER, -1, out Errno errno) ||
                !SocketOptions.TrySet(fd, LibC.IPPROTO_IP, LibC.IP_TOS, InternetworkControl, out errno))
            {
                throw new LinuxException("setsockopt", errno, "could not prepare the raw ICMP socket");
            }

            return new IcmpSocket(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Sends one ICMP message.</summary>
    /// <param name="message">From the type byte on, checksum included.</param>
    /// <param name="destination">Where it goes.</param>
    /// <returns>Bytes sent, or the errno.</returns>
    public SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination)
    {
        sockaddr_in address = SocketAddress.Create(destination, 0);
        using SafeFd.Borrowed borrowed = _fd.Borrow();
        long sent;
        fixed (byte* start = message)
        {
            // Safe because both lengths are those of what is pointed to.
            sent = LibC.sendto(
                borrowed.Number, start, message.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL,
                (sockaddr*)&address, sizeof(sockaddr_in));
        }

        // Not retried on EINTR: an error message may be lost (RFC 792), and MSG_DONTWAIT hardly ever is interrupted.
        return sent >= 0 ? SyscallResult.FromCount((int)sent) : SyscallResult.FromErrno(DescriptorIo.LastErrno());
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
