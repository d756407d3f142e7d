using System;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;

namespace Overlay.Router.Forwarding;

/// <summary>Collects packets for peers into messages, and sends them.</summary>
/// <remarks>
/// <para>Packets to one peer that follow each other form a train as long as each is as long as the first; a shorter one ends it
/// (UDP_SEGMENT, udp(7)). The order of packets never changes.</para>
/// <para>Owned by one thread. What was added is borrowed from the slab until it has been sent.</para>
/// </remarks>
internal sealed class PeerSender : IDisposable
{
    /// <summary>The longest UDP payload in IPv4, a whole train's too.</summary>
    internal const int MaximumMessageBytes = 65_535 - UdpPort.EncapsulationBytes;

    // A full train of full-size packets: the other host begins to receive while the next one is being made.
    private const int BulkBytes = 48 << 10;

    private const int Messages = 64;
    private const int Pieces = 1024;
    private const int SendWaits = 2;
    private const int SendWaitMilliseconds = 1;

    private readonly IDatagramPort _port;
    private readonly PathCounters _counters;
    private readonly PeerPaths _paths;
    private readonly ErrorReports _errors;
    private readonly Accelerations _accelerations;
    private readonly SendLimits _limits;
    private readonly SendBatch _batch;
    private readonly SendBatch _replay;
    private readonly int[] _datagrams = new int[Messages];

    private PeerPaths.Snapshot _known;
    private bool _isOpen;
    private uint _peer;
    private int _segmentBytes;
    private int _longestTrainBytes;
    private int _sealedBytes;
    private int _oldestOffset;

    internal PeerSender(PinnedSlab slab, IDatagramPort port, PathCounters counters, ForwarderContext context)
    {
        _port = port;
        _counters = counters;
        _paths = context.Paths;
        _errors = new ErrorReports(port, _paths, counters);
        _accelerations = context.Accelerations;
        _limits = context.Options.SendLimits;
        _known = _paths.Current;
        _batch = new SendBatch(slab, Math.Min(Messages, _limits.Messages), Pieces);
        _replay = new SendBatch(slab, SendLimits.MostDatagrams, 4 * SendLimits.MostDatagrams);
    }

    /// <summary>Where the oldest packet lies that has not been sent yet, in bytes from the slab's start; null when all have been.</summary>
    internal int? OldestOffset => _batch.Count > 0 ? _oldestOffset : null;

    /// <summary>True when the path to some peer is narrower than its route says.</summary>
    internal bool HasNarrowPaths => !_known.IsEmpty;

    public void Dispose()
    {
        _batch.Dispose();
        _replay.Dispose();
    }

    /// <summary>Takes over what is known of the peers' paths now.</summary>
    internal void BeginBatch() => _known = _paths.Current;

    /// <summary>The longest outer packet that gets to a peer whole, in bytes; 65,535 when nothing is known.</summary>
    internal int PathMtu(uint peer) => _known.Find(peer, _paths.Now).Mtu;

    /// <summary>Adds one packet.</summary>
    /// <param name="peer">The outer address, host order.</param>
    /// <param name="offset">Where it lies, in bytes from the slab's start.</param>
    /// <param name="lengthBytes">20 to 65,507.</param>
    internal void Add(uint peer, int offset, int lengthBytes)
    {
        Open(peer, offset, lengthBytes);
        _batch.Add(offset, lengthBytes);
        Close(lengthBytes);
    }

    /// <summary>Adds one packet whose headers lie apart from its payload.</summary>
    internal void Add(uint peer, int headerOffset, int headerBytes, int payloadOffset, int payloadBytes)
    {
        Open(peer, payloadOffset, headerBytes + payloadBytes);
        _batch.Add(headerOffset, headerBytes);
        _batch.Add(payloadOffset, payloadBytes);
        Close(headerBytes + payloadBytes);
    }

    /// <summary>Sends everything; nothing of the slab is borrowed any more.</summary>
    internal void Flush()
    {
        Seal();
        Send();
    }

    // Makes the open message one that takes the packet: the last one continued, or a new one.
    private void Open(uint peer, int offset, int lengthBytes)
    {
        if (_isOpen)
        {
            int open = _batch.Count - 1;
            if (peer == _peer && lengthBytes <= _segmentBytes && _datagrams[open] < _limits.Datagrams
                && _batch.BytesOf(open) + lengthBytes <= _longestTrainBytes && _batch.FreePieces >= 2)
            {
                return;
            }

            Seal();
        }

        if (_sealedBytes >= BulkBytes || _batch.IsFull || _batch.FreePieces < 2)
        {
            Send();
        }

        if (_batch.Count == 0)
        {
            _oldestOffset = offset;
        }

        _batch.Begin(peer, _port.Port);
        _datagrams[_batch.Count - 1] = 0;
        _isOpen = true;
        _peer = peer;
        _segmentBytes = lengthBytes;
        _longestTrainBytes = _known.IsEmpty || MayBeTrain(peer, lengthBytes) ? MaximumMessageBytes : 0;
    }

    private void Close(int lengthBytes)
    {
        _datagrams[_batch.Count - 1]++;
        if (lengthBytes < _segmentBytes || _limits.Datagrams == 1)
        {
            Seal();
            if (_batch.IsFull)
            {
                Send();
            }
        }
    }

    private void Seal()
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        int last = _batch.Count - 1;
        _sealedBytes += _batch.BytesOf(last);

        // Only from two datagrams on: some kernels of 2024 left the checksum of a train of one unfinished.
        if (_datagrams[last] > 1)
        {
            _batch.MakeTrain(_segmentBytes);
        }
    }

    // The kernel fragments a datagram that is too long for its path, but not one of a train.
    private bool MayBeTrain(uint peer, int lengthBytes)
    {
        PeerPath path = _known.Find(peer, _paths.Now);
        return path.TakesTrains && lengthBytes + UdpPort.EncapsulationBytes <= path.Mtu;
    }

    // All messages are sealed.
    private void Send()
    {
        for (int first = 0; first < _batch.Count;)
        {
            SyscallResult sent = SendMany(first);
            if (sent.Succeeded)
            {
                for (int end = first + sent.Count; first < end; first++)
                {
                    _counters.Forward(_datagrams[first], _batch.BytesOf(first));
                }
            }
            else
            {
                Refused(first, sent.Errno);
                first++;
            }
        }

        _batch.Clear();
        _sealedBytes = 0;
    }

    private SyscallResult SendMany(int first)
    {
        int count = _accelerations.IsOn(Acceleration.Mmsg) ? _batch.Count - first : 1;
        SyscallResult sent = SendPatiently(_batch, first, count);
        if (count == 1 || sent.Errno is not (Errno.ENOSYS or Errno.EPERM))
        {
            return sent;
        }

        // A seccomp filter that refuses sendmmsg answers what a firewall does. It is the filter if the message goes alone.
        SyscallResult alone = SendPatiently(_batch, first, 1);
        if (alone.Succeeded)
        {
            _accelerations.SwitchOff(Acceleration.Mmsg, sent.Errno);
            _counters.NoteRefusal(sent.Errno);
        }

        return alone;
    }

    private SyscallResult SendPatiently(SendBatch batch, int first, int count)
    {
        bool isRepeated = false;
        for (int waits = 0; ;)
        {
            SyscallResult sent = _port.Send(batch, first, count);
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

                // Meanwhile the device's own queue takes what comes, and drops at its end what it cannot.
                _port.WaitWritable(SendWaitMilliseconds);
            }
            else if (!isRepeated)
            {
                // An ICMP error about an earlier datagram, to whichever peer, is told with the next call, once (IP_RECVERR, ip(7)).
                _errors.Drain();
                isRepeated = true;
            }
            else
            {
                return sent;
            }
        }
    }

    private void Refused(int index, Errno errno)
    {
        if (_datagrams[index] == 1)
        {
            SettleRefused(_batch, index, errno);
        }
        else if (errno is Errno.EIO or Errno.EINVAL or Errno.EMSGSIZE)
        {
            _counters.Note(PathEvent.TrainRefused);
            Learn(_batch.AddressOf(index), _batch.SegmentBytesOf(index), errno);
            _replay.SetToDatagramsOf(_batch, index);
            for (int i = 0; i < _replay.Count; i++)
            {
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
        else
        {
            Drop(errno, _datagrams[index]);
        }
    }

    // A single datagram that is too long for its path goes in fragments, as stock's do: only the next ones are judged by the path.
    private void SettleRefused(SendBatch batch, int index, Errno errno)
    {
        if (errno == Errno.EMSGSIZE)
        {
            if (batch.BytesOf(index) + UdpPort.EncapsulationBytes <= PathMtu(batch.AddressOf(index)))
            {
                Learn(batch.AddressOf(index), batch.BytesOf(index), errno);
            }

            errno = _port.SendInFragments(batch, index).Errno;
        }

        if (errno == Errno.None)
        {
            _counters.Forward(1, batch.BytesOf(index));
        }
        else
        {
            Drop(errno, 1);
        }
    }

    // EIO: the way out cannot finish checksums (a device before Linux 6.11, IPsec). The others: longer than the path takes, or
    // more datagrams than the kernel does (net/ipv4/udp.c, udp_send_skb).
    private void Learn(uint peer, int datagramBytes, Errno errno)
    {
        _counters.NoteRefusal(errno);
        int mtu = errno == Errno.EIO ? 0 : _port.FindPathMtu(peer);
        if (mtu > 0 && datagramBytes + UdpPort.EncapsulationBytes > mtu)
        {
            _paths.ReportMtu(peer, mtu);
        }
        else
        {
            _paths.ReportNoTrains(peer);
        }

        _known = _paths.Current;
    }

    private void Drop(Errno errno, int datagrams)
    {
        DropReason reason = errno switch
        {
            Errno.EAGAIN or Errno.ENOBUFS => DropReason.SendBufferFull,
            Errno.EMSGSIZE => DropReason.TooLong,
            _ => DropReason.SendRefused,
        };
        if (reason != DropReason.SendBufferFull)
        {
            _counters.NoteRefusal(errno); // before the drop: whoever sees the drop sees why
        }

        _counters.Drop(reason, datagrams);
    }
}
