using System;
using System.Linq;
using Overlay.Router.Forwarding;
using Overlay.Router.Paths;
using Overlay.Router.Routes;
using Overlay.Testing;

namespace Overlay.Router.Tests.Forwarding;

/// <summary>Both directions between an in-memory TUN and an in-memory socket, run by the test's own thread.</summary>
internal sealed class Rig : IDisposable
{
    private readonly OutboundWorker _outbound;
    private readonly InboundWorker _inbound;

    internal Rig(
        SourceCheck check = SourceCheck.Strict, RouteTable? table = null, int tunnelMtu = 1472, bool withIcmp = true, RigEngine engine = RigEngine.Batch)
    {
        Routes.Publish(table ?? Overlays.Table());
        Tun = new InMemoryTunQueue(engine == RigEngine.Offload);
        ForwarderContext context = Context(engine, Routes, withIcmp ? Icmp : null, check, tunnelMtu);
        Accelerations = context.Accelerations;
        Paths = context.Paths;
        _outbound = new OutboundWorker(context, Tun, Port);
        _inbound = new InboundWorker(context, Tun, Port);
    }

    internal InMemoryTunQueue Tun { get; }

    internal Accelerations Accelerations { get; }

    internal PeerPaths Paths { get; }

    internal InMemoryDatagramPort Port { get; } = new();

    internal RecordingIcmpPort Icmp { get; } = new();

    internal RouteTableCell Routes { get; } = new();

    internal PathCounters Outbound => _outbound.Counters;

    internal PathCounters Inbound => _inbound.Counters;

    public void Dispose()
    {
        _outbound.Dispose();
        _inbound.Dispose();
        Tun.Dispose();
        Port.Dispose();
    }

    /// <summary>What an engine's workers share.</summary>
    internal static ForwarderContext Context(
        RigEngine engine, RouteTableCell routes, IIcmpPort? icmp, SourceCheck check = SourceCheck.Strict, int tunnelMtu = 1472)
    {
        var accelerations = new Accelerations();
        if (engine != RigEngine.Classic)
        {
            accelerations.SetOn(Acceleration.Mmsg);
        }

        foreach (Acceleration each in engine == RigEngine.Offload ? Overlay.Router.Forwarding.Accelerations.All : [])
        {
            accelerations.SetOn(each);
        }

        int batch = engine == RigEngine.Classic ? 1 : 64;
        var options = new ForwarderOptions(check, tunnelMtu)
        {
            FramesABatch = batch,
            MessagesABatch = batch,
            DatagramsATrain = engine == RigEngine.Offload ? SendLimits.SafeDatagrams : 1,
        };
        return new ForwarderContext(routes, icmp, new PeerPaths(), accelerations, options);
    }

    /// <summary>Reads packets from the TUN until none is left.</summary>
    internal void Send(params byte[][] packets)
    {
        foreach (byte[] packet in packets)
        {
            Tun.Put(packet);
        }

        DrainTun();
    }

    internal void DrainTun()
    {
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

/// <summary>Which engine a rig's workers are set up as.</summary>
internal enum RigEngine
{
    Classic,
    Batch,
    Offload,
}
