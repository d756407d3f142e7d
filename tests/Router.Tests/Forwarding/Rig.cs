using System;
using System.Linq;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Testing;

namespace Overlay.Router.Tests.Forwarding;

/// <summary>Both directions between an in-memory TUN and an in-memory socket, run by the test's own thread.</summary>
internal sealed class Rig : IDisposable
{
    private readonly OutboundWorker _outbound;
    private readonly InboundWorker _inbound;

    internal Rig(SourceCheck check = SourceCheck.Strict, RouteTable? table = null, int tunnelMtu = 1472, bool withIcmp = true)
    {
        Routes.Publish(table ?? Overlays.Table());
        _outbound = new OutboundWorker(Tun, Port, Routes, withIcmp ? Icmp : null);
        _inbound = new InboundWorker(Tun, Port, Routes, withIcmp ? Icmp : null, new ForwarderOptions(check, tunnelMtu));
    }

    internal InMemoryTunQueue Tun { get; } = new();

    internal InMemoryDatagramPort Port { get; } = new();

    internal RecordingIcmpPort Icmp { get; } = new();

    internal RouteTableCell Routes { get; } = new();

    internal PathCounters Outbound => _outbound.Counters;

    internal PathCounters Inbound => _inbound.Counters;

    public void Dispose()
    {
        _outbound.Dispose();
        _inbound.Dispose();
    }

    /// <summary>Reads packets from the TUN until none is left.</summary>
    internal void Send(params byte[][] packets)
    {
        foreach (byte[] packet in packets)
        {
            Tun.Put(packet);
        }

        while (_outbound.RunBatch())
        {
        }
    }

    /// <summary>Receives one datagram.</summary>
    internal void Receive(byte[] datagram, uint? source = null)
    {
        Port.Put(datagram, source ?? Overlays.PeerAddress);
        Drain();
    }

    internal void Drain()
    {
        while (_inbound.RunBatch())
        {
        }
    }

    /// <summary>The one reason under which the one dropped packet was counted; None when nothing was dropped.</summary>
    internal static DropReason OnlyDrop(PathCounters counters)
    {
        DropReason[] counted = [.. DropReasons.All.Where(reason => counters.Dropped(reason) > 0)];
        return counted.Length == 0 ? DropReason.None
            : counted.Length == 1 && counters.Dropped(counted[0]) == 1 ? counted[0]
            : throw new InvalidOperationException($"counted under: {string.Join(", ", counted)}");
    }
}
