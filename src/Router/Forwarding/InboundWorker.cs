using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>UDP to TUN: the body of the thread <c>in-0</c>.</summary>
internal sealed class InboundWorker : IDisposable
{
    // A socket reports a pending error once; a row of failures this long means that it will not recover.
    private const int MaximumFailuresInARow = 100;

    private readonly ITunQueue _tun;
    private readonly IDatagramPort _port;
    private readonly RouteTableCell _routes;
    private readonly ForwarderOptions _options;
    private readonly IcmpErrorSender _icmp;
    private readonly PacketBatch _batch = new(PacketBatch.LongestPacketBytes);

    private int _failuresInARow;

    internal InboundWorker(
        ITunQueue tun, IDatagramPort port, RouteTableCell routes, IIcmpPort? icmp, ForwarderOptions options)
    {
        _tun = tun;
        _port = port;
        _routes = routes;
        _options = options;
        _icmp = new IcmpErrorSender(icmp, Counters);
    }

    internal PathCounters Counters { get; } = new();

    public void Dispose() => _batch.Dispose();

    internal void Wait(StopSignal stop) => _port.WaitReadable(stop);

    /// <summary>Receives until the socket is empty or the batch is full, and delivers what passed.</summary>
    /// <returns>False when nothing was waiting.</returns>
    /// <exception cref="LinuxException">The socket does not work any more.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal bool RunBatch()
    {
        SyscallResult received = _port.ReceiveBatch(_batch);
        if (!received.Succeeded)
        {
            Counters.Note(PathEvent.ReceiveFailed);
            Counters.NoteRefusal(received.Errno);
            if (++_failuresInARow > MaximumFailuresInARow)
            {
                throw new LinuxException("recvfrom", received.Errno, "could not receive from the UDP socket");
            }

            return true;
        }

        _failuresInARow = 0;
        RouteTable routes = _routes.Current;
        for (int i = 0; i < received.Count; i++)
        {
            if (_batch.LengthOf(i) > _batch.SlotBytes)
            {
                Counters.Drop(DropReason.Truncated);
                continue;
            }

            Deliver(routes, _batch.SourceOf(i), _batch[i]);
        }

        return received.Count > 0;
    }

    private void Deliver(RouteTable routes, uint outerSource, Span<byte> bytes)
    {
        DropReason verdict = InboundPath.Accept(routes, _options.SourceCheck, outerSource, bytes, out Ipv4Header packet);
        if (verdict == DropReason.None)
        {
            SyscallResult written = _tun.Write(packet.Packet);
            if (written.Succeeded)
            {
                Counters.Forward(packet.Packet.Length);
                if (packet.Packet.Length > _options.TunnelMtu)
                {
                    Counters.Note(PathEvent.Oversize);
                }

                return;
            }

            Counters.NoteRefusal(written.Errno);
            verdict = DropReason.TunRefused;
        }

        Counters.Drop(verdict);
        _icmp.Report(verdict, packet);
    }
}
