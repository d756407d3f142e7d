using System;
using Overlay.Linux.Interop;

namespace Overlay.Linux;

/// <summary>An eventfd(2) that every waiting thread polls beside its own descriptor. Once set it stays set.</summary>
public sealed class StopSignal : IDisposable
{
    private readonly SafeFd _event = new();
    private volatile bool _set;

    /// <summary>Creates the signal, not set.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public StopSignal()
    {
        int fd = Libc.eventfd(0, Libc.EFD_NONBLOCK | Libc.EFD_CLOEXEC);
        if (fd < 0)
        {
            throw new LinuxException("eventfd", DescriptorIo.LastErrno(), "could not create the stop signal");
        }

        _event.Adopt(fd);
    }

    /// <summary>True from <see cref="Set"/> on.</summary>
    public bool IsSet => _set;

    internal SafeFd Event => _event;

    /// <summary>Wakes every waiter, now and from now on. May be called from any thread, and again.</summary>
    public void Set()
    {
        _set = true; // before the wake-up: a woken thread must see it
        ReadOnlySpan<byte> one = [1, 0, 0, 0, 0, 0, 0, 0]; // a little-endian 1: eventfd(2) adds it to the counter
        _ = DescriptorIo.Write(_event, one); // EAGAIN would mean the counter is at its maximum, so waiters wake anyway
    }

    /// <summary>Closes the descriptor. Every waiter has left by then: the owner joins its threads first.</summary>
    public void Dispose() => _event.Dispose();
}
