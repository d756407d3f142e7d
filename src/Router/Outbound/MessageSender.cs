using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Tapping;
using Overlay.Router.Workers;

namespace Overlay.Router.Outbound;

/// <summary>
/// Sends messages whatever the kernel answers: each datagram is sent, in order, or counted as dropped.
/// </summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class MessageSender : IDisposable
{
    private const int SendWaits = 2;
    private const int WaitMilliseconds = 1;

    // A message is repeated for as many error reports as fit a receive buffer of 8 MB, but not for ever.
    private const int MaximumRepeats = 512;

    private readonly IDatagramPort _port;
    private readonly WorkerCounters _counters;
    private readonly PeerPaths _paths;
    private readonly ErrorReports _errors;
    private readonly Accelerations _accelerations;
    private readonly SendBatch _replay;
    private readonly TapFollower _tap;

    internal MessageSender(
        PinnedSlab slab, IDatagramPort port, WorkerCounters counters, WorkerContext context, TapFollower tap)
    {
        _tap = tap;
        _port = port;
        _counters = counters;
        _paths = context.Paths;
        _errors = new ErrorReports(port, counters, context.Paths, context.Routes, context.Errors);
        _accelerations = context.Accelerations;
        _replay = new SendBatch(slab, SendLimits.MostDatagrams, 4 * SendLimits.MostDatagrams);
    }

    public void Dispose() => _replay.Dispose();

    /// <summary>Sends all messages of a batch.</summary>
    /// <param name="batch">The messages. The batch is not changed.</param>
    /// <param name="lastInFragments">
    /// True when the last one is a single datagram that is longer than its path: it is sent in fragments at once.
    /// </param>
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
                    _counters.Forward(batch.AddressOf(first), batch.DatagramsOf(first), batch.BytesOf(first));
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

        // A seccomp filter that forbids sendmmsg gives the errno that a firewall gives. The probe is a call without
        // messages, which only the filter refuses.
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

                // Meanwhile packets wait in the TUN's own queue, which drops what exceeds it. ENOBUFS means that the
                // outgoing device's queue is full (with IP_RECVERR; net/ipv4/udp.c, udp_send_skb): no descriptor
                // becomes writable when it has room.
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
                // An ICMP error about any earlier datagram fails one call (IP_RECVERR, ip(7)), and reading its report
                // lets the next report fail another. The errno is about this message only when no report was left. It
                // is repeated at least once, because the receiving thread may have read the report.
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
            _counters.Note(CountedEvent.TrainRefused);
            _counters.NoteRefusal(errno);

            // EIO: the outgoing device cannot finish checksums (before Linux 6.11, or with IPsec). EINVAL and EMSGSIZE:
            // datagrams longer than the path takes, or more of them than the kernel takes (net/ipv4/udp.c,
            // udp_send_skb).
            if (errno == Errno.EIO || !IsTooLong(peer, segmentBytes))
            {
                _ = _paths.ReportNoTrains(peer, errno);
            }

            SendOneByOne(batch, index);
        }
        else
        {
            Drop(batch.AddressOf(index), errno, batch.DatagramsOf(index));
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
                _counters.Forward(_replay.AddressOf(i), 1, _replay.BytesOf(i));
            }
            else
            {
                SettleRefused(_replay, i, sent.Errno);
            }
        }
    }

    // A single datagram that is too long for its path is sent in fragments, as stock flannel's are. The path MTU that
    // it teaches decides about the packets after it.
    private void SettleRefused(SendBatch batch, int index, Errno errno)
    {
        if (errno != Errno.EMSGSIZE)
        {
            Drop(batch.AddressOf(index), errno, 1);
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
            _counters.Forward(batch.AddressOf(index), 1, batch.BytesOf(index));
        }
        else
        {
            Drop(batch.AddressOf(index), sent.Errno, 1);
        }
    }

    // The path MTU may be known already from the report that came with the refusal; otherwise the kernel is asked.
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
        datagramBytes > _paths.Current.Find(peer, _paths.Now).InnerMtu;

    private void Drop(Ipv4Address peer, Errno errno, int datagrams)
    {
        DropReason reason = errno switch
        {
            Errno.EAGAIN or Errno.ENOBUFS => DropReason.SendBufferFull,
            Errno.EMSGSIZE => DropReason.TooLong,
            _ => DropReason.SendRefused,
        };
        if (errno != Errno.EAGAIN)
        {
            _counters.NoteRefusal(errno); // before the drop is counted: who sees the drop sees its reason
        }

        _counters.Drop(reason, datagrams);
        _tap.Writer?.KeepLoss(TapDirection.Outbound, reason, peer, datagrams);
    }
}
