using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>TUN to UDP: the body of the thread <c>out-0</c>.</summary>
internal sealed class OutboundWorker : IDisposable
{
    private const int SendWaits = 2;
    private const int SendWaitMilliseconds = 1;

    private readonly ITunQueue _tun;
    private readonly IDatagramPort _port;
    private readonly RouteTableCell _routes;
    private readonly IcmpErrorSender _icmp;
    private readonly PacketBatch _batch = new(PacketBatch.LongestPacketBytes);

    internal OutboundWorker(ITunQueue tun, IDatagramPort port, RouteTableCell routes, IIcmpPort? icmp)
    {
        _tun = tun;
        _port = port;
        _routes = routes;
        _icmp = new IcmpErrorSender(icmp, Counters);
    }

    internal PathCounters Counters { get; } = new();

    public void Dispose() => _batch.Dispose();

    internal void Wait(StopSignal stop) => _tun.WaitReadable(stop);

    /// <summary>Reads until the device is empty or the batch is full, and sends what was read.</summary>
    /// <returns>False when nothing was waiting.</returns>
    /// <remarks>A method of its own that returns often, so that the optimizing compiler's code takes over early.</remarks>
    /// <exception cref="LinuxException">The device is gone.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal bool RunBatch()
    {
        SyscallResult read = _tun.ReadBatch(_batch);
        if (!read.Succeeded)
        {
            throw new LinuxException("read", read.Errno, "could not read the TUN device",
                "it was deleted or taken over; restart this daemon to create it again");
        }

        RouteTable routes = _routes.Current;
        for (int i = 0; i < read.Count; i++)
        {
            Forward(routes, _batch[i]);
        }

        return read.Count > 0;
    }

    private void Forward(RouteTable routes, Span<byte> bytes)
    {
        DropReason verdict = OutboundPath.Route(routes, bytes, out Ipv4Header packet, out uint nextHop);
        if (verdict == DropReason.None)
        {
            verdict = Send(packet.Packet, nextHop);
        }

        if (verdict == DropReason.None)
        {
            Counters.Forward(packet.Packet.Length);
            return;
        }

        Counters.Drop(verdict);
        _icmp.Report(verdict, packet);
    }

    private DropReason Send(ReadOnlySpan<byte> packet, uint address)
    {
        for (int waits = 0; ; waits++)
        {
            SyscallResult sent = _port.Send(packet, address);
            if (sent.Succeeded)
            {
                return DropReason.None;
            }

            switch (sent.Errno)
            {
                case Errno.EAGAIN or Errno.ENOBUFS when waits < SendWaits:
                    // Meanwhile the device's own queue takes what comes, and drops at its end what it cannot.
                    _port.WaitWritable(SendWaitMilliseconds);
                    continue;
                case Errno.EAGAIN or Errno.ENOBUFS:
                    return DropReason.SendBufferFull;
            }

            Counters.NoteRefusal(sent.Errno);
            return sent.Errno == Errno.EMSGSIZE ? DropReason.TooLong : DropReason.SendRefused;
        }
    }
}
