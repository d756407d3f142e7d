using Overlay.Linux.Interop;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>ppoll(2) on a few descriptors, with or without a stop signal beside them.</summary>
public static unsafe class Readiness
{
    private const int StandardError = 2; // unistd.h, STDERR_FILENO

    /// <summary>
    /// Waits until one of the descriptors can be read or has an error, or <paramref name="stop"/> is set. No time
    /// limit.
    /// </summary>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="first">A descriptor.</param>
    /// <param name="second">Another; null for none.</param>
    /// <returns>True when a descriptor has an error to report.</returns>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public static bool WaitReadable(EventSignal stop, SafeFd first, SafeFd? second = null)
    {
        using SafeFd.Borrowed stopFd = stop.Descriptor.Borrow();
        using SafeFd.Borrowed firstFd = first.Borrow();
        using SafeFd.Borrowed secondFd = second is null ? default : second.Borrow();
        pollfd* all = stackalloc pollfd[3];
        all[0] = new pollfd { fd = stopFd.Number, events = LibC.POLLIN };
        all[1] = new pollfd { fd = firstFd.Number, events = LibC.POLLIN };
        all[2] = new pollfd { fd = secondFd.Number, events = LibC.POLLIN };

        // An interrupted wait (EINTR) returns to the caller's loop, which looks at the stop signal and comes back.
        // Safe because the array lives on this stack frame and its length is passed.
        if (Poll(all, second is null ? 2u : 3u, -1) < 0)
        {
            ThrowUnlessInterrupted();
            return false;
        }

        return ((all[1].revents | all[2].revents) & LibC.POLLERR) != 0;
    }

    /// <summary>Waits until <paramref name="stop"/> is set, at most so long, or until interrupted.</summary>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public static void Pause(EventSignal stop, int milliseconds)
    {
        using SafeFd.Borrowed stopFd = stop.Descriptor.Borrow();
        var one = new pollfd { fd = stopFd.Number, events = LibC.POLLIN };
        if (Poll(&one, 1, milliseconds) < 0) // safe: one entry, on this stack frame
        {
            ThrowUnlessInterrupted();
        }
    }

    /// <summary>
    /// Waits until <paramref name="fd"/> can take more, at most <paramref name="timeoutMilliseconds"/>.
    /// </summary>
    /// <returns>True when it can be written; false at the time limit or when interrupted.</returns>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public static bool WaitWritable(SafeFd fd, int timeoutMilliseconds)
    {
        using SafeFd.Borrowed borrowed = fd.Borrow();
        var one = new pollfd { fd = borrowed.Number, events = LibC.POLLOUT };
        int ready = Poll(&one, 1, timeoutMilliseconds);
        if (ready < 0)
        {
            ThrowUnlessInterrupted();
        }

        return ready > 0;
    }

    /// <summary>
    /// Waits until <paramref name="fd"/> can be read or has an error to report, at most
    /// <paramref name="timeoutMilliseconds"/>.
    /// </summary>
    /// <returns>False at the time limit or when interrupted.</returns>
    /// <exception cref="LinuxException">ppoll itself failed.</exception>
    public static bool WaitReadable(SafeFd fd, int timeoutMilliseconds)
    {
        using SafeFd.Borrowed borrowed = fd.Borrow();
        var one = new pollfd { fd = borrowed.Number, events = LibC.POLLIN };
        int ready = Poll(&one, 1, timeoutMilliseconds);
        if (ready < 0)
        {
            ThrowUnlessInterrupted();
        }

        return ready > 0;
    }

    /// <summary>
    /// Whether a write to standard error would not block now: there is room, or it ends with an error (poll(2)).
    /// </summary>
    public static bool IsStandardErrorWritable()
    {
        var one = new pollfd { fd = StandardError, events = LibC.POLLOUT };
        return Poll(&one, 1, 0) > 0; // safe: one entry, on this stack frame
    }

    /// <summary>Waits this long, or until interrupted.</summary>
    public static void Pause(int milliseconds) => _ = Poll(null, 0, milliseconds); // safe: no entry is looked at

    /// <summary>ppoll(2) with a time limit in milliseconds; a negative one is none.</summary>
    /// <returns>Descriptors that are ready; -1 with the errno set.</returns>
    internal static int Poll(pollfd* descriptors, uint count, int timeoutMilliseconds)
    {
        var timeout = new timespec
        {
            tv_sec = timeoutMilliseconds / 1000,
            tv_nsec = timeoutMilliseconds % 1000 * 1_000_000,
        };

        // Safe because the caller's array has so many entries and the time limit lives on this stack frame.
        return Native.ppoll(descriptors, count, timeoutMilliseconds < 0 ? null : &timeout, null);
    }

    private static void ThrowUnlessInterrupted()
    {
        Errno errno = DescriptorIo.LastErrno();
        if (errno != Errno.EINTR)
        {
            throw new LinuxException("ppoll", errno, "could not wait for a descriptor");
        }
    }
}
