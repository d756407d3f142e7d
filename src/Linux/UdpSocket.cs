using System;
using System.Buffers.Binary;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>One unconnected, non-blocking IPv4 UDP socket (udp(7)), for sending and receiving.</summary>
/// <remarks>One thread may send while another receives. Addresses and ports are in host order.</remarks>
public sealed unsafe class UdpSocket : IDisposable
{
    private readonly SafeFd _fd;

    private UdpSocket(SafeFd fd) => _fd = fd;

    /// <summary>The descriptor, for waiting.</summary>
    public SafeFd Descriptor => _fd;

    /// <summary>Opens and binds.</summary>
    /// <param name="address">A local address; 0 for any.</param>
    /// <param name="port">0 to 65535; 0 lets the kernel choose.</param>
    /// <param name="bufferBytes">Wanted size of each socket buffer.</param>
    /// <exception cref="LinuxException">The port is busy or the address is not local.</exception>
    public static UdpSocket Bind(uint address, ushort port, int bufferBytes)
    {
        string endpoint = $"{new System.Net.IPAddress(BinaryPrimitives.ReverseEndianness(address))}:{port}";
        SafeFd fd = SocketOptions.Create(Libc.AF_INET, Libc.SOCK_DGRAM, Libc.IPPROTO_UDP, "could not open a UDP socket", null);
        try
        {
            SocketOptions.EnlargeBuffer(fd, Libc.SO_RCVBUFFORCE, Libc.SO_RCVBUF, bufferBytes);
            SocketOptions.EnlargeBuffer(fd, Libc.SO_SNDBUFFORCE, Libc.SO_SNDBUF, bufferBytes);
            SocketOptions.Bind(fd, Endpoint(address, port), $"could not listen on UDP {endpoint}",
                inUseAdvice: $"another process, perhaps another overlay or flanneld, has the port; find it with: ss -ulnp sport = :{port}",
                notLocalAdvice: "the address is not on this host; look at: ip address");
            return new UdpSocket(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Sends one datagram.</summary>
    /// <returns>Bytes sent (all of them), or the errno: EAGAIN when the send buffer is full.</returns>
    public SyscallResult Send(ReadOnlySpan<byte> payload, uint address, ushort port)
    {
        sockaddr_in destination = Endpoint(address, port);
        while (true)
        {
            nint sent;
            fixed (byte* start = payload)
            {
                sent = Libc.sendto(_fd.Number, start, (nuint)payload.Length, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL,
                    &destination, (uint)sizeof(sockaddr_in));
            }

            if (sent >= 0)
            {
                return SyscallResult.FromCount((int)sent);
            }

            Errno errno = DescriptorIo.LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>Receives one datagram.</summary>
    /// <returns>
    /// The datagram's own length, which is more than <paramref name="buffer"/> holds when it was truncated (MSG_TRUNC, recv(2));
    /// or the errno: EAGAIN when none is waiting.
    /// </returns>
    public SyscallResult Receive(Span<byte> buffer, out uint sourceAddress)
    {
        sockaddr_in source;
        while (true)
        {
            var length = (uint)sizeof(sockaddr_in);
            nint received;
            fixed (byte* start = buffer)
            {
                received = Libc.recvfrom(_fd.Number, start, (nuint)buffer.Length, Libc.MSG_DONTWAIT | Libc.MSG_TRUNC,
                    &source, &length);
            }

            if (received >= 0)
            {
                // Safe because an AF_INET socket's source is always a whole sockaddr_in (net/ipv4/udp.c, udp_recvmsg).
                sourceAddress = BinaryPrimitives.ReverseEndianness(source.sin_addr);
                return SyscallResult.FromCount((int)received);
            }

            Errno errno = DescriptorIo.LastErrno();
            if (errno != Errno.EINTR)
            {
                sourceAddress = 0;
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    internal static sockaddr_in Endpoint(uint address, ushort port) => new()
    {
        sin_family = Libc.AF_INET,
        sin_port = BinaryPrimitives.ReverseEndianness(port),
        sin_addr = BinaryPrimitives.ReverseEndianness(address),
    };
}
