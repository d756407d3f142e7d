using System;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Outbound;

/// <summary>
/// Reads frames from the TUN and handles what goes wrong: counts, switches superpackets off, or gives up.
/// </summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class TunReader(WorkerContext context, ITunQueue tun, WorkerCounters counters)
{
    // A flow of superpackets that the kernel cannot describe fails read after read; fewer than this many within
    // this time may be single packets.
    private const int MaximumIndescribable = 8;
    private const long IndescribableMilliseconds = 10_000;

    // Each failed read discards its packet. When this many fail one after another, the device will not recover.
    private const int MaximumConsecutiveFailures = 100;

    private readonly Accelerations _accelerations = context.Accelerations;
    private int _consecutiveFailures;
    private int _indescribable;
    private long _indescribableSince;

    /// <summary>Reads one frame.</summary>
    /// <param name="buffer">Takes the frame.</param>
    /// <returns>
    /// Bytes read; EAGAIN when no frame waits; another errno when one was lost and the next read may succeed.
    /// </returns>
    /// <exception cref="LinuxException">The device is gone.</exception>
    internal SyscallResult Read(Span<byte> buffer)
    {
        SyscallResult read = tun.Read(buffer);
        if (read.Succeeded || read.Errno == Errno.EAGAIN)
        {
            _consecutiveFailures = 0;
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
        if (++_consecutiveFailures > MaximumConsecutiveFailures)
        {
            throw new LinuxException(
                "read", errno, "could not read the TUN device", "restart this daemon to create it again");
        }

        if (errno == Errno.EINVAL)
        {
            DoWithoutSuperpackets(errno);
        }
    }

    // A superpacket of a type that a virtio-net header cannot describe fails the read with EINVAL (drivers/net/tun.c,
    // tun_put_user). Once no superpackets are asked for, the kernel cuts it like all others.
    private void DoWithoutSuperpackets(Errno errno)
    {
        long now = Environment.TickCount64;
        if (now - _indescribableSince > IndescribableMilliseconds)
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
            return; // tried again with the next failure
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
