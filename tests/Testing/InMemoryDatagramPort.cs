using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Tun;

namespace Overlay.Testing;

/// <summary>An outer socket without a network.</summary>
public sealed class InMemoryDatagramPort : IDatagramPort
{
    private readonly ConcurrentQueue<(byte[] Payload, int Length, uint Source)> _toReceive = new();

    public List<(uint Destination, byte[] Payload)> Sent { get; } = [];

    /// <summary>What each send answers, oldest first; an empty queue lets them succeed.</summary>
    public Queue<Errno> SendErrnos { get; } = new();

    public int WritableWaits { get; private set; }

    /// <summary>What a receive answers when nothing is waiting; None means EAGAIN.</summary>
    public Errno ReceiveErrno { get; set; }

    public void Put(byte[] payload, uint source) => _toReceive.Enqueue((payload, payload.Length, source));

    /// <summary>A datagram that was longer than what arrived of it.</summary>
    public void PutTruncated(byte[] payload, int realLength, uint source) => _toReceive.Enqueue((payload, realLength, source));

    public SyscallResult ReceiveBatch(PacketBatch batch)
    {
        batch.Clear();
        while (!batch.IsFull && _toReceive.TryDequeue(out (byte[] Payload, int Length, uint Source) datagram))
        {
            datagram.Payload.CopyTo(batch.NextSlot);
            batch.Commit(datagram.Length, datagram.Source);
        }

        return batch.Count == 0 && ReceiveErrno != Errno.None
            ? SyscallResult.FromErrno(ReceiveErrno)
            : SyscallResult.FromCount(batch.Count);
    }

    public SyscallResult Send(ReadOnlySpan<byte> payload, uint address)
    {
        if (SendErrnos.TryDequeue(out Errno errno) && errno != Errno.None)
        {
            return SyscallResult.FromErrno(errno);
        }

        Sent.Add((address, payload.ToArray()));
        return SyscallResult.FromCount(payload.Length);
    }

    public void WaitReadable(StopSignal stop) => SpinWait.SpinUntil(() => stop.IsSet || !_toReceive.IsEmpty);

    public void WaitWritable(int timeoutMilliseconds) => WritableWaits++;
}
