using System;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>A pipe(2) whose one end is given to another program, which tells by closing it that it has come so far.
/// </summary>
public sealed unsafe class HangUpSignal : IDisposable
{
    private readonly SafeFd _own = new();

    /// <summary>Makes the pipe.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public HangUpSignal()
    {
        int* ends = stackalloc int[2];

        // Safe because pipe2 writes two ints, and there is room for two.
        if (LibC.pipe2(ends, LibC.O_CLOEXEC) < 0)
        {
            throw new LinuxException("pipe2", DescriptorIo.LastErrno(), "could not make a pipe");
        }

        _own.Adopt(ends[0]);
        Remote.Adopt(ends[1]);
    }

    /// <summary>The end to give away.</summary>
    public SafeFd Remote { get; } = new();

    /// <summary>Waits until nobody holds the other end any longer; this process's own is closed first.</summary>
    /// <returns>False when somebody still does at the time limit.</returns>
    public bool Wait(TimeSpan within)
    {
        Remote.Dispose();
        using SafeFd.Borrowed borrowed = _own.Borrow();
        var one = new pollfd { fd = borrowed.Number, events = LibC.POLLIN };
        return Readiness.Poll(&one, 1, (int)within.TotalMilliseconds) > 0; // safe: one entry, on this stack frame
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remote.Dispose();
        _own.Dispose();
    }
}
