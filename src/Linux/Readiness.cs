using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>poll(2) on one descriptor, with or without a stop signal beside it.</summary>
public static unsafe class Readiness
{
    /// <summary>Waits until <paramref name="fd"/> can be read, has an error, or <paramref name="stop"/> is set. No time limit.</summary>
    /// <exception cref="LinuxException">poll itself failed.</exception>
    public static void WaitReadable(SafeFd fd, StopSignal stop)
    {
        pollfd* both = stackalloc pollfd[2];
        both[0] = new pollfd { fd = fd.Number, events = Libc.POLLIN };
        both[1] = new pollfd { fd = stop.Event.Number, events = Libc.POLLIN };

        // An interrupted wait (EINTR) returns to the caller's loop, which looks at the stop signal and comes back.
        // Safe because the array lives on this stack frame and its length is passed.
        if (Libc.poll(both, 2, -1) < 0)
        {
            ThrowUnlessInterrupted();
        }
    }

    /// <summary>Waits until <paramref name="fd"/> can take more, at most <paramref name="timeoutMilliseconds"/>.</summary>
    /// <returns>True when it can be written; false at the time limit or when interrupted.</returns>
    /// <exception cref="LinuxException">poll itself failed.</exception>
    public static bool WaitWritable(SafeFd fd, int timeoutMilliseconds)
    {
        var one = new pollfd { fd = fd.Number, events = Libc.POLLOUT };
        int ready = Libc.poll(&one, 1, timeoutMilliseconds);
        if (ready < 0)
        {
            ThrowUnlessInterrupted();
        }

        return ready > 0;
    }

    private static void ThrowUnlessInterrupted()
    {
        Errno errno = DescriptorIo.LastErrno();
        if (errno != Errno.EINTR)
        {
            throw new LinuxException("poll", errno, "could not wait for a descriptor");
        }
    }
}
