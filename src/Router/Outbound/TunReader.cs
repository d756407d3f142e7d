using System;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Outbound;

/// <summary>Reading from the TUN, with everything that can go wrong with it.</summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class TunReader(WorkerContext context, ITunQueue tun, WorkerCounters counters)
{
    // Superpackets that the kernel cannot describe come as long as their flow lasts; one alone is an accident.
    private const int MaximumIndescribable = 8;

    private const long AccidentMilliseconds = 10_000;

    // Each failure takes the packet it is about with it: a row this long means that the device will not recover.
    private const int MaximumFailuresInARow = 100;

    private readonly Accelerations _accelerations = context.Accelerations;
    private int _failuresInARow;
    private int _indescribable;
    private long _indescribableSince;

    /// <summary>Reads one frame.</summary>
    /// <param name="buffer">Takes it.</param>
    /// <returns>Bytes read; EAGAIN when none waits; another errno when one was lost, and the next read may bring
    /// one.</returns>
    /// <exception cref="LinuxException">The device is gone.</exception>
    internal SyscallResult Read(Span<byte> buffer)
    {
        SyscallResult read = tun.Read(buffer);
        if (read.Succeeded || read.Errno == Errno.EAGAIN)
        {
            _failuresInARow = 0;
        }
        else
        {
            Failed(read.Errno);
        }

        return read;
    }

    private void Failed(Errno errno)
    {
        if (errno is Errno.EBADFD or Errno.EBADF or Errno.EFAULT or Errno.ENODEV)
        {
            throw new LinuxException("read", errno, "could not read the TUN device",
                "it was deleted or taken over; restart this daemon to create it again");
        }

        counters.Note(CountedEvent.ReadFailed);
        counters.NoteRefusal(errno);
        if (++_failuresInARow > MaximumFailuresInARow)
        {
            throw new LinuxException(
                "read", errno, "could not read the TUN device", "restart this daemon to create it again");
        }

        if (errno == Errno.EINVAL)
        {
            DoWithoutSuperpackets(errno);
        }
    }

    // A packet of a kind for which a virtio-net header has no word is answered with EINVAL (drivers/net/tun.c,
    // tun_put_user). The kernel cuts it, like all others, as soon as nobody asks for superpackets.
    private void DoWithoutSuperpackets(Errno errno)
    {
        long now = Environment.TickCount64;
        if (now - _indescribableSince > AccidentMilliseconds)
        {
            _indescribableSince = now;
            _indescribable = 0;
        }

        if (++_indescribable < MaximumIndescribable
            || !(_accelerations.IsOn(Acceleration.TunTso) || _accelerations.IsOn(Acceleration.TunUso)))
        {
            return;
        }

        if (!tun.SetOffloads(TunOffloads.Checksum).Succeeded)
        {
            return; // it is asked again with the next one
        }

        foreach (Acceleration each in (ReadOnlySpan<Acceleration>)[Acceleration.TunTso, Acceleration.TunUso])
        {
            if (_accelerations.IsOn(each))
            {
                _accelerations.SwitchOff(each, errno);
            }
        }
    }
}
