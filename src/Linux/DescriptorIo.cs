using System;
using System.Runtime.InteropServices;
using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>read(2) and write(2) on a non-blocking descriptor: EINTR is retried here, EAGAIN is handed out.</summary>
public static unsafe class DescriptorIo
{
    /// <summary>Opens a device node for reading and writing, non-blocking and close-on-exec.</summary>
    /// <param name="path">The device node.</param>
    /// <param name="advice">What to say when the open is refused, by errno; null for nothing.</param>
    /// <exception cref="LinuxException">The node is missing or may not be opened.</exception>
    internal static SafeFd OpenDevice(string path, Func<Errno, string?> advice)
    {
        var owner = new SafeFd();
        int fd;
        fixed (byte* start = CString.From(path))
        {
            fd = LibC.open(start, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        }

        if (fd < 0)
        {
            Errno errno = LastErrno();
            owner.Dispose();
            throw new LinuxException("open", errno, $"could not open {path}", advice(errno));
        }

        owner.Adopt(fd);
        return owner;
    }

    /// <summary>Reads once. On a TUN descriptor that is one packet, or as much of it as fits.</summary>
    /// <param name="fd">What to read from.</param>
    /// <param name="buffer">Takes the bytes. What lay in it before is lost, whether or not something is read.</param>
    /// <returns>Bytes read, or the errno.</returns>
    public static SyscallResult Read(SafeFd fd, Span<byte> buffer)
    {
        Poison.Fill(buffer);
        using SafeFd.Borrowed borrowed = fd.Borrow();
        while (true)
        {
            long count;
            fixed (byte* start = buffer)
            {
                count = LibC.read(borrowed.Number, start, buffer.Length);
            }

            if (count >= 0)
            {
                return SyscallResult.FromCount((int)count);
            }

            Errno errno = LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>Writes once. On a TUN descriptor that is one whole packet or nothing.</summary>
    /// <returns>Bytes written, or the errno.</returns>
    public static SyscallResult Write(SafeFd fd, ReadOnlySpan<byte> buffer)
    {
        using SafeFd.Borrowed borrowed = fd.Borrow();
        while (true)
        {
            long count;
            fixed (byte* start = buffer)
            {
                count = LibC.write(borrowed.Number, start, buffer.Length);
            }

            if (count >= 0)
            {
                return SyscallResult.FromCount((int)count);
            }

            Errno errno = LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>
    /// Writes the pieces once, as one packet. On a TUN descriptor that is one whole packet or nothing.
    /// </summary>
    /// <returns>Bytes written, or the errno.</returns>
    public static SyscallResult Write(SafeFd fd, IoVectors pieces)
    {
        using SafeFd.Borrowed borrowed = fd.Borrow();
        while (true)
        {
            // Safe because the list knows how many of its vectors are filled, each with a range inside its slab.
            nint count = Native.writev(borrowed.Number, pieces.Start, pieces.Count);
            if (count >= 0)
            {
                return SyscallResult.FromCount((int)count);
            }

            Errno errno = LastErrno();
            if (errno != Errno.EINTR)
            {
                return SyscallResult.FromErrno(errno);
            }
        }
    }

    /// <summary>The errno that the generated call stub saved before anything else could set it.</summary>
    internal static Errno LastErrno() => (Errno)Marshal.GetLastPInvokeError();
}
