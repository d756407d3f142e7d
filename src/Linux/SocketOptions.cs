using System;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>Creating sockets and setting integer options, with the errors in words.</summary>
internal static unsafe class SocketOptions
{
    internal static SafeFd Create(int domain, int type, int protocol, string what, string? permissionAdvice)
    {
        var owner = new SafeFd();
        int fd = LibC.socket(domain, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, protocol);
        if (fd < 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            owner.Dispose();
            throw new LinuxException(
                "socket", errno, what, errno is Errno.EPERM or Errno.EACCES ? permissionAdvice : null);
        }

        owner.Adopt(fd);
        return owner;
    }

    /// <returns>False when the kernel refused; the errno is in <paramref name="errno"/>.</returns>
    internal static bool TrySet(SafeFd socket, int level, int name, int value, out Errno errno)
    {
        using SafeFd.Held held = socket.Hold();
        bool done = LibC.setsockopt(held.Number, level, name, &value, sizeof(int)) == 0;
        errno = done ? Errno.None : DescriptorIo.LastErrno();
        return done;
    }

    /// <returns>0, or the errno when the kernel refused.</returns>
    internal static SyscallResult Set(SafeFd socket, int level, int name, int value) =>
        TrySet(
            socket, level, name, value, out Errno errno) ? SyscallResult.FromCount(0) : SyscallResult.FromErrno(errno);

    /// <returns>The option's value; null when the kernel has none.</returns>
    internal static int? Get(SafeFd socket, int level, int name)
    {
        int value = 0;
        socklen_t length = sizeof(int);
        using SafeFd.Held held = socket.Hold();

        // Safe because the length is that of the variable.
        return LibC.getsockopt(held.Number, level, name, &value, &length) == 0 ? value : null;
    }

    /// <summary>
    /// Asks for a buffer of this size: without the limit of net.core.[rw]mem_max where the privilege allows it, within
    /// it otherwise.
    /// </summary>
    internal static void EnlargeBuffer(SafeFd socket, int forceName, int plainName, int bytes)
    {
        if (!TrySet(socket, LibC.SOL_SOCKET, forceName, bytes, out _))
        {
            _ = TrySet(socket, LibC.SOL_SOCKET, plainName, bytes, out _); // clamped by the kernel, never refused
        }
    }

    internal static void Bind(
        SafeFd socket, sockaddr_in address, string what, Func<string>? inUseAdvice, string? notLocalAdvice)
    {
        using SafeFd.Held held = socket.Hold();
        if (LibC.bind(held.Number, (sockaddr*)&address, sizeof(sockaddr_in)) < 0)
        {
            Errno errno = DescriptorIo.LastErrno();
            throw new LinuxException("bind", errno, what, errno switch
            {
                Errno.EADDRINUSE => inUseAdvice?.Invoke(),
                Errno.EADDRNOTAVAIL => notLocalAdvice,
                _ => null,
            });
        }
    }
}
