using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;

namespace Overlay.Router.Forwarding;

/// <summary>
/// Delivers messages past whatever the kernel answers: each datagram is sent or counted as dropped, in order.
/// </summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class MessageSender : IDisposable
{
    private const int SendWaits = 2;
    private const int WaitMilliseconds = 1;

    // A queue of error reports as long as a receive buffer of 8 MB lets it grow; no message is tried for ever.
    private const int MaximumRepeats = 512;

    private readonly IDatagramPort _port;
    private readonly PathCounters _counters;
    private readonly PeerPaths _paths;
    private readonly ErrorReports _errors;
    private readonly Accelerations _accelerations;
    private readonly SendBatch _replay;

    internal MessageSender(PinnedSlab slab, IDatagramPort port, PathCounters counters, ForwarderContext context)
    {
        _port = port;
        _counters = counters;
        _paths = context.Paths;
        _errors = new ErrorReports(port, counters, context);
        _accelerations = context.Accelerations;
        _replay = new SendBatch(slab, SendLimits.MostDatagrams, 4 * SendLimits.MostDatagrams);
    }

    public void Dispose() => _replay.Dispose();

    /// <summary>Sends all messages of a batch.</summary>
    /// <param name="batch">Over the slab. It stays as it is.</param>
    /// <param name="lastInFragments">True when the last one is a datagram longer than its path: it is not tried
    /// whole.</param>
    internal void Send(SendBatch batch, bool lastInFragments)
    {
        int whole = lastInFragments ? batch.Count - 1 : batch.Count;
        for (int first = 0; first < whole;)
        {
            SyscallResult sent = SendMany(batch, first, whole - first);
            if (sent.Succeeded)
            {
                for (int end = first + sent.Count; first < end; first++)
                {
                    _counters.Forward(batch.DatagramsOf(first), batch.BytesOf(first));
                }
            }
            else
            {
                Refused(batch, first, sent.Errno);
                first++;
            }
        }

        if (lastInFragments)
        {
            SendInFragments(batch, whole);
        }
    }

    private SyscallResult SendMany(SendBatch batch, int first, int most)
    {
        int count = _accelerations.IsOn(Acceleration.Mmsg) ? most : 1;
        SyscallResult sent = SendPatiently(batch, first, count);
        if (count == 1 || sent.Errno is not (Errno.ENOSYS or Errno.EPERM))
        {
            return sent;
        }

        // A seccomp filter that refuses sendmmsg answers what a firewall does; only the filter refuses a call without
        // messages.
        if (_port.ProbeMessageBatches().Succeeded)
        {
            return sent;
        }

        _accelerations.SwitchOff(Acceleration.Mmsg, sent.Errno);
        _counters.NoteRefusal(sent.Errno);
        return SendPatiently(batch, first, 1);
    }

    private SyscallResult SendPatiently(SendBatch batch, int first, int count, bool inFragments = false)
    {
        int repeats = 0;
        for (int waits = 0; ;)
        {
            SyscallResult sent = inFragments ? _port.SendInFragments(batch, first) : _port.Send(batch, first, count);
            if (sent.Succeeded)
            {
                return sent;
            }

            if (sent.Errno is Errno.EAGAIN or Errno.ENOBUFS)
            {
                if (waits++ == SendWaits)
                {
                    return sent;
                }

                // Meanwhile the TUN's own queue takes what comes, and drops at its end what it cannot. ENOBUFS is the
                // way out's queue (with IP_RECVERR; net/ipv4/udp.c, udp_send_skb), which no descriptor speaks for.
                if (sent.Errno == Errno.EAGAIN)
                {
                    _port.WaitWritable(WaitMilliseconds);
                }
                else
                {
                    _port.Pause(WaitMilliseconds);
                }
            }
            else
            {
                // An ICMP error about an earlier datagram, to whichever peer, fails a call (IP_RECVERR, ip(7)), and
                // taking its report arms the next one's: the errno is this message's own when none was left. Once more
                // in any case: the receiving thread may have been the one to take the report.
                bool wereOthers = _errors.Drain();
                if (repeats++ == MaximumRepeats || (repeats > 1 && !wereOthers))
                {
                    return sent;
                }
            }
        }
    }

    private void Refused(SendBatch batch, int index, Errno errno)
    {
        int segmentBytes = batch.SegmentBytesOf(index);
        if (segmentBytes == 0)
        {
            SettleRefused(batch, index, errno);
        }
        else if (errno is Errno.EIO or Errno.EINVAL or Errno.EMSGSIZE)
        {
            Ipv4Address peer = batch.AddressOf(index);
            _counters.Note(PathEvent.TrainRefused);
            _counters.NoteRefusal(errno);

            // EIO: the way out cannot finish checksums (a device before Linux 6.11, IPsec). The others: longer than the
            // path takes, or more datagrams than the kernel does (net/ipv4/udp.c, udp_send_skb).
            if (errno == Errno.EIO || !IsTooLong(peer, segmentBytes))
            {
                _ = _paths.ReportNoTrains(peer, errno);
            }

            SendOneByOne(batch, index);
        }
        else
        {
            Drop(errno, batch.DatagramsOf(index));
        }
    }

    private void SendOneByOne(SendBatch batch, int index)
    {
        _replay.SetToDatagramsOf(batch, index);
        for (int i = 0; i < _replay.Count; i++)
        {
            if (IsKnownTooLong(_replay.AddressOf(i), _replay.BytesOf(i)))
            {
                SendInFragments(_replay, i);
                continue;
            }

            SyscallResult sent = SendPatiently(_replay, i, 1);
            if (sent.Succeeded)
            {
                _counters.Forward(1, _replay.BytesOf(i));
            }
            else
            {
                SettleRefused(_replay, i, sent.Errno);
            }
        }
    }

    // A single datagram that is too long for its path goes in fragments, as stock's do: only the next ones are judged
    // by the path.
    private void SettleRefused(SendBatch batch, int index, Errno errno)
    {
        if (errno != Errno.EMSGSIZE)
        {
            Drop(errno, 1);
            return;
        }

        _counters.NoteRefusal(errno);
        _ = IsTooLong(batch.AddressOf(index), batch.BytesOf(index));
        SendInFragments(batch, index);
    }

    private void SendInFragments(SendBatch batch, int index)
    {
        SyscallResult sent = SendPatiently(batch, index, 1, inFragments: true);
        if (sent.Succeeded)
        {
            _counters.Forward(1, batch.BytesOf(index));
        }
        else
        {
            Drop(sent.Errno, 1);
        }
    }

    // The report that came with the refusal may have told the path already; without one the kernel is asked.
    private bool IsTooLong(Ipv4Address peer, int datagramBytes)
    {
        if (IsKnownTooLong(peer, datagramBytes))
        {
            return true;
        }

        int mtu = _port.FindPathMtu(peer);
        if (mtu == 0 || datagramBytes + UdpPort.EncapsulationBytes <= mtu)
        {
            return false;
        }

        _ = _paths.ReportMtu(peer, mtu);
        return true;
    }

    private bool IsKnownTooLong(Ipv4Address peer, int datagramBytes) =>
        datagramBytes + UdpPort.EncapsulationBytes > _paths.Current.Find(peer, _paths.Now).Mtu;

    private void Drop(Errno errno, int datagrams)
    {
        DropReason reason = errno switch
        {
            Errno.EAGAIN or Errno.ENOBUFS => DropReason.SendBufferFull,
            Errno.EMSGSIZE => DropReason.TooLong,
            _ => DropReason.SendRefused,
        };
        if (errno != Errno.EAGAIN)
        {
            _counters.NoteRefusal(errno); // before the drop: whoever sees the drop sees why
        }

        _counters.Drop(reason, datagrams);
    }
}
