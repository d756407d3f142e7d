using System;
using System.Net.Sockets;
using System.Text;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A socket that sends texts to another program, with descriptors in them (unix(7), SCM_RIGHTS).</summary>
public sealed unsafe class UnixDatagramSocket : IDisposable
{
    // A control message with one int: header and value, and the padding behind them (CMSG_LEN, CMSG_SPACE; cmsg(3)).
    private const int ControlLength = 16 + sizeof(int);
    private const int ControlBytes = 24;

    private readonly Socket _socket;

    private UnixDatagramSocket(Socket socket) => _socket = socket;

    /// <summary>Connects.</summary>
    /// <param name="path">Where the other program listens; a name that begins with <c>@</c> is an abstract one.</param>
    /// <exception cref="LinuxException">Nobody listens there, or the path is no socket's.</exception>
    public static UnixDatagramSocket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path.StartsWith('@') ? $"\0{path[1..]}" : path));
            return new UnixDatagramSocket(socket);
        }
        catch (Exception problem) when (problem is SocketException or ArgumentException)
        {
            socket.Dispose();
            Errno errno = problem is SocketException { NativeErrorCode: int number } ? (Errno)number : Errno.EINVAL;
            throw new LinuxException("connect", errno, $"could not connect to {path}");
        }
    }

    /// <summary>Sends one datagram; it never waits.</summary>
    /// <param name="text">In UTF-8.</param>
    /// <param name="descriptor">One that the receiver gets a duplicate of; null for none.</param>
    /// <returns>Bytes sent, or the errno: EAGAIN when the receiver has no room.</returns>
    public SyscallResult Send(string text, SafeFd? descriptor = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte* control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        bool isHeld = false;
        _socket.SafeHandle.DangerousAddRef(ref isHeld);
        using SafeFd.Held held = descriptor is null ? default : descriptor.Hold();
        try
        {
            fixed (byte* start = bytes)
            {
                var piece = new iovec { iov_base = start, iov_len = bytes.Length };
                msghdr message = default;
                message.msg_iov = &piece;
                message.msg_iovlen = 1;
                if (descriptor is not null)
                {
                    // Safe because the block has room for a header and one int, and is aligned as the stack is.
                    var header = (cmsghdr*)control;
                    header->cmsg_len = ControlLength;
                    header->cmsg_level = LibC.SOL_SOCKET;
                    header->cmsg_type = LibC.SCM_RIGHTS;
                    *(int*)(control + sizeof(cmsghdr)) = held.Number;
                    message.msg_control = control;
                    message.msg_controllen = ControlBytes;
                }

                // Safe because text, vector, control block and header live until the call returns.
                long sent = LibC.sendmsg(
                    (int)_socket.SafeHandle.DangerousGetHandle(), &message, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
                return sent >= 0
                    ? SyscallResult.FromCount((int)sent) : SyscallResult.FromErrno(DescriptorIo.LastErrno());
            }
        }
        finally
        {
            _socket.SafeHandle.DangerousRelease();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
