using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Testing;

/// <summary>A TUN queue without a kernel: what the test puts in is read, what is written is kept or looked at.</summary>
public sealed class InMemoryTunQueue : ITunQueue
{
    private readonly ConcurrentQueue<byte[]> _toRead = new();

    /// <summary>Called with each packet written, instead of keeping it.</summary>
    public WriteObserver? OnWrite { get; set; }

    public List<byte[]> Written { get; } = [];

    /// <summary>What the next writes answer; None lets them succeed.</summary>
    public Errno WriteErrno { get; set; }

    /// <summary>What the next read answers when nothing is waiting; None means EAGAIN.</summary>
    public Errno ReadErrno { get; set; }

    public delegate void WriteObserver(ReadOnlySpan<byte> packet);

    public void Put(byte[] packet) => _toRead.Enqueue(packet);

    public SyscallResult ReadBatch(PacketBatch batch)
    {
        batch.Clear();
        while (!batch.IsFull && _toRead.TryDequeue(out byte[]? packet))
        {
            packet.CopyTo(batch.NextSlot);
            batch.Commit(packet.Length);
        }

        return batch.Count == 0 && ReadErrno != Errno.None
            ? SyscallResult.FromErrno(ReadErrno)
            : SyscallResult.FromCount(batch.Count);
    }

    public SyscallResult Write(ReadOnlySpan<byte> packet)
    {
        if (WriteErrno != Errno.None)
        {
            return SyscallResult.FromErrno(WriteErrno);
        }

        if (OnWrite is not null)
        {
            OnWrite(packet);
        }
        else
        {
            Written.Add(packet.ToArray());
        }

        return SyscallResult.FromCount(packet.Length);
    }

    public void WaitReadable(StopSignal stop) => SpinWait.SpinUntil(() => stop.IsSet || !_toRead.IsEmpty || ReadErrno != Errno.None);
}
