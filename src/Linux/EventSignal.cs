using System;
using Overlay.Linux.Interop;

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
        int fd = Native.eventfd(0, Native.EFD_NONBLOCK | Native.EFD_CLOEXEC);
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
    public void Set()
    {
        _set = true; // before the wake-up: a woken thread must see it
        ReadOnlySpan<byte> one = [1, 0, 0, 0, 0, 0, 0, 0]; // a little-endian 1: eventfd(2) adds it to the counter
        _ = DescriptorIo.Write(_event, one); // EAGAIN would mean the counter is at its maximum, so waiters wake anyway
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
