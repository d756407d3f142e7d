using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Paths;
using Overlay.Router.Pipelines;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The data plane: its threads, from <see cref="Start"/> to <see cref="Dispose"/>.</summary>
/// <remarks>It borrows devices, sockets and ICMP port; their owner disposes them afterwards.</remarks>
public sealed class Forwarder : IDisposable
{
    private readonly EventSignal _stop = new();
    private readonly TaskCompletionSource<Exception> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WorkerThread> _threads = [];
    private readonly List<IDisposable> _memory = []; // a pipe behind its stages
    private readonly List<PathCounters> _outbound = [];
    private readonly List<PathCounters> _inbound = [];

    private bool _isDisposed;

    /// <summary>Prepares all workers without starting them.</summary>
    /// <param name="lanes">A queue and a socket each: every one gets workers of its own. 1 or more.</param>
    /// <param name="routes">Where all look up, once a batch.</param>
    /// <param name="icmp">Where errors leave; null to send none.</param>
    /// <param name="accelerations">Which are in use.</param>
    /// <param name="options">How packets are treated.</param>
    public Forwarder(
        IReadOnlyList<Lane> lanes, RouteTableCell routes, IIcmpPort? icmp, Accelerations accelerations, ForwarderOptions options)
    {
        Accelerations = accelerations;
        var context = new ForwarderContext(routes, icmp, Paths, accelerations, options);
        for (int i = 0; i < lanes.Count; i++)
        {
            AddLane(context, lanes[i], i);
        }
    }

    /// <summary>TUN to UDP, all workers together.</summary>
    public PathTotals Outbound => PathTotals.Of(_outbound);

    /// <summary>UDP to TUN, all workers together.</summary>
    public PathTotals Inbound => PathTotals.Of(_inbound);

    /// <summary>What has been learned of the peers' paths.</summary>
    public PeerPaths Paths { get; } = new();

    /// <summary>Which accelerations are in use.</summary>
    public Accelerations Accelerations { get; }

    /// <summary>Completes with the reason when a worker has ended by itself. The others still run: a restart mends all.</summary>
    public Task<Exception> Fault => _fault.Task;

    /// <summary>Starts all threads.</summary>
    public void Start() => _threads.ForEach(thread => thread.Start());

    /// <summary>Signals all threads, waits until they have left, and frees the packet memory: in this order.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _stop.Set();
        _threads.ForEach(thread => thread.Join());
        _memory.ForEach(each => each.Dispose());
        _stop.Dispose();
    }

    private void AddLane(ForwarderContext context, Lane lane, int number)
    {
        if (context.Options.Layout == WorkerLayout.Pipeline)
        {
            AddPipelines(context, lane, number);
            return;
        }

        OutboundWorker outbound = Out(new OutboundWorker(context, lane.Tun, lane.Port));
        InboundWorker inbound = In(new InboundWorker(context, lane.Tun, lane.Port));
        if (context.Options.Layout == WorkerLayout.Duplex)
        {
            Add(context, $"duplex-{number}", [outbound, inbound], new WaitSet(lane.Port.Descriptor, lane.Tun.Descriptor, inbound.DrainErrors));
        }
        else
        {
            Add(context, $"out-{number}", [outbound], new WaitSet(lane.Tun.Descriptor));
            Add(context, $"in-{number}", [inbound], new WaitSet(lane.Port.Descriptor, OnError: inbound.DrainErrors));
        }
    }

    private void AddPipelines(ForwarderContext context, Lane lane, int number)
    {
        var outPipe = new FramePipe();
        var inPipe = new FramePipe();
        TunReadStage read = Out(new TunReadStage(context, lane.Tun, outPipe, _stop));
        SendStage send = Out(new SendStage(context, lane.Tun.HasVirtioNetHeader, lane.Port, outPipe));
        ReceiveStage receive = In(new ReceiveStage(context, lane.Port, inPipe, _stop));
        TunWriteStage write = In(new TunWriteStage(context, lane.Tun, inPipe));
        _memory.AddRange([outPipe, inPipe]);
        Add(context, $"tun-read-{number}", [read], new WaitSet(lane.Tun.Descriptor));
        Add(context, $"send-{number}", [send], new WaitSet(outPipe.Readable));
        Add(context, $"receive-{number}", [receive], new WaitSet(lane.Port.Descriptor, OnError: receive.DrainErrors));
        Add(context, $"tun-write-{number}", [write], new WaitSet(inPipe.Readable));
    }

    private T Out<T>(T worker)
        where T : IWorker => Keep(worker, _outbound);

    private T In<T>(T worker)
        where T : IWorker => Keep(worker, _inbound);

    private T Keep<T>(T worker, List<PathCounters> direction)
        where T : IWorker
    {
        direction.Add(worker.Counters);
        if (worker is IDisposable disposable)
        {
            _memory.Add(disposable);
        }

        return worker;
    }

    private void Add(ForwarderContext context, string name, IWorker[] workers, WaitSet waits) => _threads.Add(
        new WorkerThread(name, workers, waits, _stop, context.Options.SpinMicroseconds, fault => _fault.TrySetResult(fault)));
}

/// <summary>One TUN queue and one socket: what one set of workers serves.</summary>
/// <param name="Tun">The device's queue.</param>
/// <param name="Port">The outer socket.</param>
public sealed record Lane(ITunQueue Tun, IDatagramPort Port);
