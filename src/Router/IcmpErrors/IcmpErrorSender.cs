using System;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;

namespace Overlay.Router.IcmpErrors;

/// <summary>
/// Answers the source of a dropped packet with an ICMP error, where the RFCs and the rate limit allow one.
/// </summary>
/// <remarks>Owned by one worker's thread.</remarks>
/// <param name="port">Sends the errors; null to send none.</param>
/// <param name="counters">The worker's.</param>
internal sealed class IcmpErrorSender(IIcmpPort? port, WorkerCounters counters)
{
    private readonly byte[] _message = new byte[IcmpError.MaximumBytes];
    private readonly IcmpRateLimit _limit = new();

    /// <summary>Sends the error that belongs to a drop, if one does.</summary>
    /// <param name="reason">Why the packet was dropped.</param>
    /// <param name="offender">The packet as received, before its time to live was touched.</param>
    /// <param name="nextHopMtu">
    /// With <see cref="DropReason.FragmentationNeeded"/>: the longest packet that passes, in bytes.
    /// </param>
    internal void Report(DropReason reason, in Ipv4Header offender, int nextHopMtu = 0)
    {
        switch (reason)
        {
            case DropReason.NoRoute:
                Send(IcmpError.DestinationUnreachable, IcmpError.NetworkUnreachable, offender);
                break;
            case DropReason.FragmentationNeeded:
                Send(IcmpError.DestinationUnreachable, IcmpError.FragmentationNeeded, offender, nextHopMtu);
                break;
            case DropReason.TtlExpired:
                Send(IcmpError.TimeExceeded, IcmpError.TimeToLiveExceeded, offender);
                break;
        }
    }

    private void Send(byte type, byte code, in Ipv4Header offender, int nextHopMtu = 0)
    {
        if (port is null || !IcmpError.MayAnswer(offender))
        {
            return;
        }

        long now = Environment.TickCount64;
        bool isPathMtu = type == IcmpError.DestinationUnreachable && code == IcmpError.FragmentationNeeded;
        if (!(isPathMtu ? _limit.TryTakeForPathMtu(now) : _limit.TryTake(offender.Source, now)))
        {
            counters.Note(CountedEvent.IcmpRateLimited);
            return;
        }

        int length = IcmpError.Write(_message, type, code, offender, nextHopMtu);
        SyscallResult sent = port.Send(_message.AsSpan(0, length), offender.Source);
        counters.Note(sent.Succeeded ? CountedEvent.IcmpSent : CountedEvent.IcmpRefused);
    }
}
