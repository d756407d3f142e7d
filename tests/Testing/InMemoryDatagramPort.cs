using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Ports;

namespace Overlay.Testing;

/// <summary>
/// An outer socket without a network. Trains sent are cut into their datagrams, as the kernel does it.
/// </summary>
public sealed class InMemoryDatagramPort : IDatagramPort, IDisposable
{
    private readonly Queue<Arrival> _toReceive = new();
    private readonly EventSignal _readable = new();
    private readonly Lock _gate = new();
    private Errno _pending;

    /// <summary>The datagrams sent.</summary>
    public List<(Ipv4Address Destination, byte[] Payload)> Sent { get; } = [];

    /// <summary>The answers sent, with the port that each went to.</summary>
    public List<(Ipv4Address Destination, ushort Port, byte[] Payload)> Replies { get; } = [];

    /// <summary>Datagrams of each message sent.</summary>
    public List<int> TrainLengths { get; } = [];

    /// <summary>Messages of each call.</summary>
    public List<int> MessagesPerCall { get; } = [];

    /// <summary>What each call of send answers, oldest first; an empty queue lets them succeed.</summary>
    public Queue<Errno> SendErrnos { get; } = new();

    /// <summary>
    /// What a message answers, by its destination and datagram length (0 when it is no train); None lets it succeed.
    /// </summary>
    public Func<Ipv4Address, int, Errno>? Refuse { get; set; }

    public int WritableWaits { get; private set; }

    public int Pauses { get; private set; }

    /// <summary>What each call of receive answers, oldest first; an empty queue lets them succeed.</summary>
    public Queue<Errno> ReceiveErrnos { get; } = new();

    /// <summary>What a receive answers when nothing is waiting; None means EAGAIN.</summary>
    public Errno ReceiveErrno { get; set; }

    /// <summary>What a receive of several messages answers; None lets it succeed.</summary>
    public Errno ReceiveManyErrno { get; set; }

    /// <summary>What a send of several messages answers; None lets it succeed.</summary>
    public Errno SendManyErrno { get; set; }

    /// <summary>What the kernel knows of a path.</summary>
    public Dictionary<Ipv4Address, int> PathMtus { get; } = [];

    /// <summary>Error reports that wait.</summary>
    public Queue<DatagramError> Errors { get; } = new();

    /// <summary>Calls of send, whatever they answered.</summary>
    public int SendCalls { get; private set; }

    /// <summary>What was last asked for; null when nothing was.</summary>
    public bool? ReceivesTrains { get; private set; }

    public SafeFd Descriptor => _readable.Descriptor;

    public ushort Port => 8285;

    /// <summary>
    /// Puts a report into the queue. As in net/core/skbuff.c, sock_dequeue_err_skb: one from elsewhere fails the next
    /// call, and so does the one behind each that is taken; one of this kernel's own fails nothing but the call it is
    /// about.
    /// </summary>
    public void Report(DatagramError error)
    {
        lock (_gate)
        {
            Errors.Enqueue(error);
            _pending = error.IsLocal ? _pending : error.Errno;
        }
    }

    public void Put(byte[] payload, Ipv4Address source) => Put(new Arrival(payload, source, 0, false));

    /// <summary>Datagrams of one sender as one message; all but the last are as long as the first.</summary>
    public void PutTrain(Ipv4Address source, params byte[][] datagrams) =>
        Put(new Arrival([.. Concatenate(datagrams)], source, datagrams[0].Length, false));

    /// <summary>A message of which not all arrived.</summary>
    public void PutTruncated(byte[] payload, Ipv4Address source, int segmentBytes = 0) =>
        Put(new Arrival(payload, source, segmentBytes, true));

    public SyscallResult Receive(ReceiveBatch batch, int atMost)
    {
        batch.Clear();
        lock (_gate)
        {
            if (TakePending(out Errno errno) || (ReceiveErrnos.TryDequeue(out errno) && errno != Errno.None))
            {
                return SyscallResult.FromErrno(errno);
            }

            if (atMost > 1 && ReceiveManyErrno != Errno.None)
            {
                return SyscallResult.FromErrno(ReceiveManyErrno);
            }

            while (batch.Count < atMost && _toReceive.TryDequeue(out Arrival arrival))
            {
                batch.Put(arrival.Payload, arrival.Source, arrival.SegmentBytes, arrival.IsTruncated);
            }

            if (batch.Count > 0)
            {
                return SyscallResult.FromCount(batch.Count);
            }

            _readable.Clear();
            return SyscallResult.FromErrno(ReceiveErrno == Errno.None ? Errno.EAGAIN : ReceiveErrno);
        }
    }

    public SyscallResult Reply(Ipv4Address address, ushort port, ReadOnlySpan<byte> datagram)
    {
        Replies.Add((address, port, datagram.ToArray()));
        return SyscallResult.FromCount(datagram.Length);
    }

    public SyscallResult Send(SendBatch batch, int first, int count)
    {
        SendCalls++;
        if (TakePending(out Errno errno) || (SendErrnos.TryDequeue(out errno) && errno != Errno.None))
        {
            return SyscallResult.FromErrno(errno);
        }

        if (count > 1 && SendManyErrno != Errno.None)
        {
            return SyscallResult.FromErrno(SendManyErrno);
        }

        for (int i = 0; i < count; i++)
        {
            Errno refusal = Refuse?.Invoke(batch.AddressOf(first + i), batch.SegmentBytesOf(first + i)) ?? Errno.None;
            if (refusal == Errno.EMSGSIZE && batch.SegmentBytesOf(first + i) == 0)
            {
                // Of a datagram, not of a train (net/ipv4/ip_output.c, __ip_append_data).
                Report(new DatagramError(
                    batch.AddressOf(first + i), refusal, FindPathMtu(batch.AddressOf(first + i)), IsLocal: true));
            }

            if (refusal != Errno.None)
            {
                return i == 0 ? SyscallResult.FromErrno(refusal) : SyscallResult.FromCount(i);
            }

            Take(batch, first + i);
        }

        MessagesPerCall.Add(count);
        return SyscallResult.FromCount(count);
    }

    /// <summary>What a send in fragments answers; None lets it succeed.</summary>
    public Errno FragmentsErrno { get; set; }

    /// <summary>Datagrams sent in fragments.</summary>
    public int SentInFragments { get; private set; }

    public SyscallResult SendInFragments(SendBatch batch, int index)
    {
        SendCalls++;
        if (TakePending(out Errno errno) || (errno = FragmentsErrno) != Errno.None)
        {
            return SyscallResult.FromErrno(errno);
        }

        SentInFragments++;
        Take(batch, index);
        return SyscallResult.FromCount(1);
    }

    public SyscallResult SetReceiveTrains(bool on)
    {
        ReceivesTrains = on;
        return SyscallResult.FromCount(0);
    }

    public int FindPathMtu(Ipv4Address address) => PathMtus.GetValueOrDefault(address);

    public bool TryReadError(out DatagramError error)
    {
        lock (_gate)
        {
            if (!Errors.TryDequeue(out error))
            {
                return false;
            }

            if (Errors.TryPeek(out DatagramError next) && !next.IsLocal)
            {
                _pending = next.Errno;
            }
            else if (!error.IsLocal)
            {
                _pending = Errno.None;
            }

            return true;
        }
    }

    public void WaitWritable(int timeoutMilliseconds) => WritableWaits++;

    public void Pause(int milliseconds) => Pauses++;

    public SyscallResult ProbeMessageBatches() =>
        SendManyErrno == Errno.None ? SyscallResult.FromCount(0) : SyscallResult.FromErrno(SendManyErrno);

    public void Dispose() => _readable.Dispose();

    private bool TakePending(out Errno errno)
    {
        lock (_gate)
        {
            errno = _pending;
            _pending = Errno.None;
            return errno != Errno.None;
        }
    }

    private static IEnumerable<byte> Concatenate(byte[][] datagrams)
    {
        foreach (byte[] datagram in datagrams)
        {
            foreach (byte each in datagram)
            {
                yield return each;
            }
        }
    }

    private void Put(Arrival arrival)
    {
        lock (_gate)
        {
            _toReceive.Enqueue(arrival);
            _readable.Set();
        }
    }

    private void Take(SendBatch batch, int index)
    {
        byte[] message = new byte[batch.BytesOf(index)];
        batch.CopyTo(index, message);
        int step = batch.SegmentBytesOf(index) == 0 ? message.Length : batch.SegmentBytesOf(index);
        int datagrams = 0;
        for (int offset = 0; offset < message.Length; offset += step)
        {
            Sent.Add((batch.AddressOf(index), message[offset..Math.Min(offset + step, message.Length)]));
            datagrams++;
        }

        TrainLengths.Add(datagrams);
    }

    private readonly record struct Arrival(byte[] Payload, Ipv4Address Source, int SegmentBytes, bool IsTruncated);
}
