using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Metering;
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
    private readonly List<CallMeter> _outboundMeters = [];
    private readonly List<CallMeter> _inboundMeters = [];

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

    /// <summary>What the way out asks of the kernel; null when it is not metered. A thread for both ways sleeps on the way in.</summary>
    public MeterTotals? OutboundMeter => _outboundMeters.Count == 0 ? null : MeterTotals.Of(_outboundMeters);

    /// <summary>What the way in asks of the kernel; null when it is not metered.</summary>
    public MeterTotals? InboundMeter => _inboundMeters.Count == 0 ? null : MeterTotals.Of(_inboundMeters);

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

        WorkerMeter? meterOut = Meter(context, _outboundMeters);
        WorkerMeter? meterIn = Meter(context, _inboundMeters);
        var outbound = new OutboundWorker(context, Metered(meterOut, lane.Tun), Metered(meterOut, lane.Port));
        var inbound = new InboundWorker(context, Metered(meterIn, lane.Tun), Metered(meterIn, lane.Port));
        IWorker workOut = Keep(outbound, _outbound, meterOut);
        IWorker workIn = Keep(inbound, _inbound, meterIn);
        if (context.Options.Layout == WorkerLayout.Duplex)
        {
            Add(context, $"duplex-{number}", [workOut, workIn], new WaitSet(lane.Port.Descriptor, lane.Tun.Descriptor, inbound.DrainErrors), meterIn);
        }
        else
        {
            Add(context, $"out-{number}", [workOut], new WaitSet(lane.Tun.Descriptor), meterOut);
            Add(context, $"in-{number}", [workIn], new WaitSet(lane.Port.Descriptor, OnError: inbound.DrainErrors), meterIn);
        }
    }

    private void AddPipelines(ForwarderContext context, Lane lane, int number)
    {
        WorkerMeter? meterRead = Meter(context, _outboundMeters);
        WorkerMeter? meterSend = Meter(context, _outboundMeters);
        WorkerMeter? meterReceive = Meter(context, _inboundMeters);
        WorkerMeter? meterWrite = Meter(context, _inboundMeters);
        var outPipe = new FramePipe(meterRead?.Calls, meterSend?.Calls);
        var inPipe = new FramePipe(meterReceive?.Calls, meterWrite?.Calls);
        var read = new TunReadStage(context, Metered(meterRead, lane.Tun), outPipe, _stop);
        var send = new SendStage(context, lane.Tun.HasVirtioNetHeader, Metered(meterSend, lane.Port), outPipe);
        var receive = new ReceiveStage(context, Metered(meterReceive, lane.Port), inPipe, _stop);
        var write = new TunWriteStage(context, Metered(meterWrite, lane.Tun), inPipe);
        Add(context, $"tun-read-{number}", [Keep(read, _outbound, meterRead)], new WaitSet(lane.Tun.Descriptor), meterRead);
        Add(context, $"send-{number}", [Keep(send, _outbound, meterSend)], new WaitSet(outPipe.Readable), meterSend);
        Add(context, $"receive-{number}", [Keep(receive, _inbound, meterReceive)], new WaitSet(lane.Port.Descriptor, OnError: receive.DrainErrors), meterReceive);
        Add(context, $"tun-write-{number}", [Keep(write, _inbound, meterWrite)], new WaitSet(inPipe.Readable), meterWrite);
        _memory.AddRange([outPipe, inPipe]);
    }

    private static WorkerMeter? Meter(ForwarderContext context, List<CallMeter> direction)
    {
        if (!context.Options.IsMetered)
        {
            return null;
        }

        var meter = new WorkerMeter(context.Options.ExtraCopies);
        direction.Add(meter.Calls);
        return meter;
    }

    private static ITunQueue Metered(WorkerMeter? meter, ITunQueue queue) => meter?.On(queue) ?? queue;

    private static IDatagramPort Metered(WorkerMeter? meter, IDatagramPort port) => meter?.On(port) ?? port;

    private IWorker Keep(IWorker worker, List<PathCounters> direction, WorkerMeter? meter)
    {
        direction.Add(worker.Counters);
        if (worker is IDisposable disposable)
        {
            _memory.Add(disposable);
        }

        return meter?.On(worker) ?? worker;
    }

    private void Add(ForwarderContext context, string name, IWorker[] workers, WaitSet waits, WorkerMeter? meter) => _threads.Add(
        new WorkerThread(
            name, workers, waits with { Meter = meter?.Calls }, _stop, context.Options.SpinMicroseconds, fault => _fault.TrySetResult(fault)));
}

/// <summary>One TUN queue and one socket: what one set of workers serves.</summary>
/// <param name="Tun">The device's queue.</param>
/// <param name="Port">The outer socket.</param>
public sealed record Lane(ITunQueue Tun, IDatagramPort Port);
