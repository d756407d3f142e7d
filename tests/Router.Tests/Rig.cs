using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Inbound;
using Overlay.Router.Outbound;
using Overlay.Router.Packets;
using Overlay.Router.Paths;
using Overlay.Router.Pipelines;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Tapping;
using Overlay.Router.Workers;
using Overlay.Testing;
using Overlay.Tun;

namespace Overlay.Router.Tests;

/// <summary>Both directions between an in-memory TUN and an in-memory socket, run by the test's own thread.</summary>
internal sealed class Rig : IDisposable
{
    private readonly List<IWorker> _outbound = [];
    private readonly List<IWorker> _inbound = [];
    private readonly List<IDisposable> _owned = []; // a pipe comes after the stages that use it

    internal Rig(
        RigEngine engine,
        SourceCheck check = SourceCheck.Strict,
        RouteTable? table = null,
        int tunnelMtu = 1472,
        bool withIcmp = true,
        int datagramsPerTrain = SendLimits.SafeDatagrams)
    {
        Routes.Publish(table ?? Overlays.Table());
        Tun = new InMemoryTunQueue(HasVirtioNetHeader(engine));
        WorkerContext context = Context(
            engine, Routes, withIcmp ? Icmp : null, check, tunnelMtu, Time, datagramsPerTrain) with
            {
                Replies = Port,
                Taps = Taps,
            };
        Accelerations = context.Accelerations;
        Paths = context.Paths;
        AddWorkers(engine, context, Tun, Port, _outbound, _inbound, _owned);
        _owned.AddRange([Tun, Port]);
    }

    /// <summary>Where the datagrams come from.</summary>
    internal static TunnelEndpoint Own { get; } = new(Ipv4Address.Parse("192.168.0.34"), 8285);

    internal InMemoryTunQueue Tun { get; }

    internal Accelerations Accelerations { get; }

    internal PeerPaths Paths { get; }

    /// <summary>The clock by which paths are forgotten.</summary>
    internal ManualTime Time { get; } = new();

    internal InMemoryDatagramPort Port { get; } = new();

    internal RecordingIcmpPort Icmp { get; } = new();

    internal RouteTableCell Routes { get; } = new();

    internal TapCell Taps { get; } = new();

    internal DirectionTotals Outbound => DirectionTotals.Of([.. _outbound.Select(worker => worker.Counters)]);

    internal DirectionTotals Inbound => DirectionTotals.Of([.. _inbound.Select(worker => worker.Counters)]);

    public void Dispose() => _owned.ForEach(each => each.Dispose());

    internal static bool HasVirtioNetHeader(RigEngine engine) => engine is RigEngine.Offload or RigEngine.Pipeline;

    /// <summary>What an engine's workers share.</summary>
    internal static WorkerContext Context(
        RigEngine engine,
        RouteTableCell routes,
        IIcmpPort? icmp,
        SourceCheck check = SourceCheck.Strict,
        int tunnelMtu = 1472,
        TimeProvider? clock = null,
        int datagramsPerTrain = SendLimits.SafeDatagrams)
    {
        var accelerations = new Accelerations();
        bool hasAll = HasVirtioNetHeader(engine);
        IReadOnlyList<Acceleration> all = Overlay.Router.Workers.Accelerations.All;
        foreach (Acceleration each in hasAll ? all : engine == RigEngine.Batch ? [Acceleration.Mmsg] : [])
        {
            accelerations.SetOn(each);
        }

        var options = new WorkerOptions(check, tunnelMtu)
        {
            Own = Own,
            // The writer of a full pipe waits for the reader, which here is the same thread: a pipe must have room for
            // a batch of the longest frames.
            FramesPerBatch = engine switch { RigEngine.Classic => 1, RigEngine.Pipeline => 16, _ => 64 },
            MessagesPerBatch = engine switch { RigEngine.Classic => 1, RigEngine.Pipeline => 16, _ => 64 },
            DatagramsPerTrain = hasAll ? datagramsPerTrain : 1,
        };
        return new WorkerContext(routes, icmp, new PeerPaths(clock), accelerations, options);
    }

    /// <summary>Makes an engine's workers, in the order in which one thread runs them.</summary>
    internal static void AddWorkers(
        RigEngine engine,
        WorkerContext context,
        ITunQueue tun,
        IDatagramPort port,
        List<IWorker> outbound,
        List<IWorker> inbound,
        List<IDisposable> owned)
    {
        if (engine != RigEngine.Pipeline)
        {
            var toPeers = new OutboundWorker(context, tun, port);
            var toTun = new InboundWorker(context, tun, port);
            outbound.Add(toPeers);
            inbound.Add(toTun);
            owned.AddRange([toPeers, toTun]);
            return;
        }

        var stop = new EventSignal();
        var outPipe = new FramePipe();
        var inPipe = new FramePipe();
        var send = new SendStage(context, tun.HasVirtioNetHeader, port, outPipe);
        var receive = new ReceiveStage(context, port, inPipe, stop);
        var write = new TunWriteStage(context, tun, inPipe);
        outbound.AddRange([new TunReadStage(context, tun, outPipe, stop), send]);
        inbound.AddRange([receive, write]);
        owned.AddRange([send, receive, write, outPipe, inPipe, stop]);
    }

    /// <summary>Runs each worker once.</summary>
    /// <returns>False when none had anything to do.</returns>
    internal static bool RunAll(List<IWorker> workers)
    {
        bool anything = false;
        foreach (IWorker worker in workers)
        {
            anything |= worker.RunBatch();
        }

        return anything;
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
        while (RunAll(_outbound))
        {
        }
    }

    /// <summary>Receives one datagram.</summary>
    internal void Receive(byte[] datagram, Ipv4Address? source = null)
    {
        Port.Put(datagram, source ?? Overlays.PeerAddress);
        Drain();
    }

    internal void Drain()
    {
        while (RunAll(_inbound))
        {
        }
    }

    /// <summary>The one reason under which the one dropped packet was counted; None when nothing was dropped.</summary>
    internal static DropReason OnlyDrop(DirectionTotals counters)
    {
        DropReason[] counted = [.. DropReasons.All.Where(reason => counters.Dropped(reason) > 0)];
        return counted.Length == 0 ? DropReason.None
            : counted.Length == 1 && counters.Dropped(counted[0]) == 1 ? counted[0]
            : throw new InvalidOperationException($"counted under: {string.Join(", ", counted)}");
    }
}

/// <summary>Which engine a rig's workers are set up as.</summary>
public enum RigEngine
{
    Classic,
    Batch,
    Offload,

    /// <summary>Offload, in two stages each way.</summary>
    Pipeline,
}
