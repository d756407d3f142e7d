using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Tun;

namespace Overlay.Testing;

/// <summary>
/// A TUN queue without a kernel: what the test puts in is read, what is written is kept or looked at.
/// </summary>
public sealed class InMemoryTunQueue(bool hasVirtioNetHeader = false) : ITunQueue, IDisposable
{
    private readonly Queue<byte[]> _toRead = new();
    private readonly EventSignal _readable = new();
    private readonly Lock _gate = new();
    private readonly byte[] _buffer = new byte[VirtioNetHeader.Bytes + 65_535];

    /// <summary>Called with each packet written, instead of keeping it.</summary>
    public WriteObserver? OnWrite { get; set; }

    /// <summary>The packets written, without their virtio-net headers.</summary>
    public List<byte[]> Written { get; } = [];

    /// <summary>The virtio-net headers of the packets written, where there are any.</summary>
    public List<VirtioNetHeader> Headers { get; } = [];

    /// <summary>What each write answers, by the virtio-net header and the packet; None lets it succeed.</summary>
    public Func<VirtioNetHeader, Errno>? Refuse { get; set; }

    /// <summary>What the next writes answer; None lets them succeed.</summary>
    public Errno WriteErrno { get; set; }

    /// <summary>What the next read answers when nothing is waiting; None means EAGAIN.</summary>
    public Errno ReadErrno
    {
        get;
        set
        {
            field = value;
            _readable.Set();
        }
    }

    /// <summary>What each read answers ahead of what waits, oldest first; None lets it succeed.</summary>
    public Queue<Errno> ReadErrnos { get; } = new();

    /// <summary>What was last asked for; null when nothing was.</summary>
    public TunOffloads? Offloads { get; private set; }

    public delegate void WriteObserver(ReadOnlySpan<byte> packet);

    public SafeFd Descriptor => _readable.Descriptor;

    public bool HasVirtioNetHeader { get; } = hasVirtioNetHeader;

    public void Put(byte[] packet) => Put(default, packet);

    /// <summary>A superpacket, or a packet whose checksum is unfinished.</summary>
    public void Put(VirtioNetHeader header, byte[] packet)
    {
        byte[] frame = new byte[(HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0) + packet.Length];
        if (HasVirtioNetHeader)
        {
            header.Write(frame);
        }

        packet.CopyTo(frame, frame.Length - packet.Length);
        PutFrame(frame);
    }

    /// <summary>Bytes as they are, whatever they mean.</summary>
    public void PutFrame(byte[] frame)
    {
        lock (_gate)
        {
            _toRead.Enqueue(frame);
            _readable.Set();
        }
    }

    public SyscallResult Read(Span<byte> buffer)
    {
        lock (_gate)
        {
            if (ReadErrnos.TryDequeue(out Errno failure) && failure != Errno.None)
            {
                return SyscallResult.FromErrno(failure);
            }

            if (_toRead.TryDequeue(out byte[]? frame))
            {
                int length = Math.Min(frame.Length, buffer.Length);
                frame.AsSpan(0, length).CopyTo(buffer);
                return SyscallResult.FromCount(length);
            }

            if (ReadErrno == Errno.None)
            {
                _readable.Clear();
                return SyscallResult.FromErrno(Errno.EAGAIN);
            }

            return SyscallResult.FromErrno(ReadErrno);
        }
    }

    public SyscallResult Write(IoVectors packet)
    {
        int length = 0;
        for (int i = 0; i < packet.Count; i++)
        {
            packet[i].CopyTo(_buffer.AsSpan(length));
            length += packet[i].Length;
        }

        VirtioNetHeader header = HasVirtioNetHeader ? VirtioNetHeader.Read(_buffer) : default;
        Errno errno = WriteErrno != Errno.None ? WriteErrno : Refuse?.Invoke(header) ?? Errno.None;
        if (errno != Errno.None)
        {
            return SyscallResult.FromErrno(errno);
        }

        ReadOnlySpan<byte> bytes = _buffer.AsSpan(
            HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0, length - (HasVirtioNetHeader ? VirtioNetHeader.Bytes : 0));
        if (OnWrite is not null)
        {
            OnWrite(bytes);
        }
        else
        {
            Headers.Add(header);
            Written.Add(bytes.ToArray());
        }

        return SyscallResult.FromCount(length);
    }

    public SyscallResult SetOffloads(TunOffloads offloads)
    {
        Offloads = offloads;
        return SyscallResult.FromCount(0);
    }

    public void Dispose() => _readable.Dispose();
}
