using System;
using Tmds.Linux;

namespace Overlay.Linux;

/// <summary>An eventfd(2): a flag that a thread can poll beside its other descriptors.</summary>
public sealed class EventSignal : IDisposable
{
    private readonly SafeFd _event = new();
    private volatile bool _set;

    /// <summary>Creates the signal, not set.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public EventSignal()
    {
        int fd = LibC.eventfd(0, LibC.EFD_NONBLOCK | LibC.EFD_CLOEXEC);
        if (fd < 0)
        {
            throw new LinuxException("eventfd", DescriptorIo.LastErrno(), "could not create a signal");
        }

        _event.Adopt(fd);
    }

    /// <summary>True from <see cref="Set"/> on, until <see cref="Clear"/>.</summary>
    public bool IsSet => _set;

    /// <summary>Readable while the signal is set.</summary>
    public SafeFd Descriptor => _event;

    /// <summary>Wakes every waiter, now and from now on. May be called from any thread, and again.</summary>
    public unsafe void Set()
    {
        _set = true; // before the wake-up: a woken thread must see it
        ulong one = 1; // eventfd(2) adds it to the counter
        try
        {
            // Held, because whoever sets the signal may be outrun by the waiters it wakes and by the owner that joins
            // them. Safe because eight bytes are the variable's.
            using SafeFd.Held held = _event.Hold();
            _ = LibC.write(held.Number, &one, sizeof(ulong)); // EAGAIN: the counter is at its maximum, waiters wake
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <summary>Takes the signal back.</summary>
    public void Clear()
    {
        Span<byte> counter = stackalloc byte[8];
        _ = DescriptorIo.Read(_event, counter); // EAGAIN: it was not set
        _set = false;
    }

    /// <summary>Closes the descriptor. Every waiter has left by then: the owner joins its threads first.</summary>
    public void Dispose() => _event.Dispose();
}
