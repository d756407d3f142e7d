using System;
using System.Diagnostics;
using System.Net;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Bench.Workloads;

/// <summary>
/// UDP_STREAM: datagrams of one length in four flows, flat out or so many a second, many a system call at both ends.
/// </summary>
/// <param name="payloadBytes">Of each.</param>
/// <param name="packetsPerSecond">0 for flat out: far more than arrive.</param>
/// <param name="from">The sender's namespace.</param>
/// <param name="to">The receiver's namespace.</param>
/// <param name="destination">The receiver's address.</param>
internal sealed class UdpLoad(int payloadBytes, double packetsPerSecond, string from, string to, IPAddress destination)
    : Workload($"UDP, {payloadBytes} bytes to {destination}")
{
    private const int Flows = 4, MessagesPerCall = 64, ReceiveSlots = 32, BufferBytes = 4 << 20;

    // In a namespace of our own, where nobody else listens. Each load has another one: what an earlier load has sent
    // may come late, out of a queue, and is of another length.
    private const int FirstPort = 10_000, Ports = 10_000;

    // How long a sender sleeps between two portions.
    private const int PortionMilliseconds = 1;

    private static int s_loads;

    private readonly ushort _port = (ushort)(FirstPort + (Interlocked.Increment(ref s_loads) % Ports));
    private readonly EventSignal _stop = new();
    private readonly UdpSocket?[] _senders = new UdpSocket?[Flows];
    private UdpSocket? _sink;
    private long _sent;
    private long _received;

    /// <inheritdoc/>
    internal override bool IsFlood => true;

    /// <inheritdoc/>
    internal override WorkloadCounts Counts
    {
        get
        {
            long received = Volatile.Read(ref _received);
            return new WorkloadCounts(received * payloadBytes, Volatile.Read(ref _sent), received);
        }
    }

    private Ipv4Address Destination => Ipv4Address.Read(destination.GetAddressBytes());

    /// <summary>
    /// Datagrams that reached the receiving socket and found it full, since its start: the receiver was too slow, not
    /// the path.
    /// </summary>
    internal long SinkDrops => _sink?.ReadMemory()?.DroppedMessages ?? 0;

    /// <inheritdoc/>
    protected override void Open()
    {
        _sink = LabNamespace.Run(to, () => UdpSocket.Bind(Destination, _port, 2 * BufferBytes));
        for (int i = 0; i < Flows; i++)
        {
            _senders[i] = LabNamespace.Run(from, () => UdpSocket.Bind(default, 0, BufferBytes));
        }

        Run("bench-udp-in", Receive);
        Run("bench-udp-out", Send);
    }

    public override void Dispose()
    {
        base.Dispose();
        _sink?.Dispose();
        foreach (UdpSocket? sender in _senders)
        {
            sender?.Dispose();
        }

        _stop.Dispose();
    }

    /// <inheritdoc/>
    protected override void WakeAll() => _stop.Set();

    private void Send()
    {
        using var slab = new PinnedSlab(payloadBytes);
        using var batch = new SendBatch(slab, MessagesPerCall, MessagesPerCall);
        slab.Slice(0, payloadBytes).Fill(0x55);
        for (int i = 0; i < MessagesPerCall; i++)
        {
            batch.Begin(Destination, _port);
            batch.Add(0, payloadBytes);
        }

        long began = Stopwatch.GetTimestamp();
        for (int flow = 0; !IsStopping; flow = (flow + 1) % Flows)
        {
            int due = MessagesPerCall;
            if (packetsPerSecond > 0)
            {
                due = (int)Math.Min(due, (Stopwatch.GetElapsedTime(began).TotalSeconds * packetsPerSecond) - _sent);
                if (due < 1)
                {
                    Readiness.Pause(PortionMilliseconds);
                    continue;
                }
            }

            SyscallResult sent = _senders[flow]!.Send(batch, 0, due);
            if (sent.Succeeded)
            {
                Volatile.Write(ref _sent, _sent + sent.Count);
            }
            else if (sent.Errno is Errno.EAGAIN or Errno.ENOBUFS)
            {
                _ = Readiness.WaitWritable(_senders[flow]!.Descriptor, PortionMilliseconds);
            }
            else
            {
                throw new LinuxException("sendmmsg", sent.Errno, $"could not send to {destination}");
            }
        }
    }

    private void Receive()
    {
        using var slab = new PinnedSlab(ReceiveBatch.BytesFor(ReceiveSlots));
        using var batch = new ReceiveBatch(slab, 0, ReceiveSlots);
        while (!IsStopping)
        {
            SyscallResult received = _sink!.Receive(batch, ReceiveSlots);
            if (received.Succeeded)
            {
                CheckLengths(batch);
                Volatile.Write(ref _received, _received + received.Count);
            }
            else if (received.Errno == Errno.EAGAIN)
            {
                _ = Readiness.WaitReadable(_stop, _sink.Descriptor);
            }
            else
            {
                throw new LinuxException("recvmmsg", received.Errno, $"could not receive at {destination}");
            }
        }
    }

    private void CheckLengths(ReceiveBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Bytes != payloadBytes)
            {
                throw new BenchException($"a datagram of {batch[i].Bytes} bytes arrived");
            }
        }
    }
}
