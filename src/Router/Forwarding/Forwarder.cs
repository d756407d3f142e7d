using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Inbound;
using Overlay.Router.Metering;
using Overlay.Router.Outbound;
using Overlay.Router.Paths;
using Overlay.Router.Pipelines;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The data plane: its threads, from <see cref="Start"/> to <see cref="Dispose"/>.</summary>
/// <remarks>It borrows devices, sockets and ICMP port; their owner disposes them afterwards.</remarks>
public sealed class Forwarder : IDisposable
{
    private readonly ForwarderOptions _options;
    private readonly EventSignal _stop = new();
    private readonly TaskCompletionSource<Exception> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WorkerThread> _threads = [];
    private readonly List<IDisposable> _memory = []; // a pipe behind its stages
    private readonly List<WorkerCounters> _outbound = [];
    private readonly List<WorkerCounters> _inbound = [];
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
        _options = options;
        var context = new WorkerContext(routes, icmp, Paths, accelerations, options.Workers);
        for (int i = 0; i < lanes.Count; i++)
        {
            AddLane(context, lanes[i], i);
        }
    }

    /// <summary>TUN to UDP, all workers together.</summary>
    public DirectionTotals Outbound => DirectionTotals.Of(_outbound);

    /// <summary>UDP to TUN, all workers together.</summary>
    public DirectionTotals Inbound => DirectionTotals.Of(_inbound);

    /// <summary>
    /// What the way out asks of the kernel; null when it is not metered. A thread for both ways sleeps on the way in.
    /// </summary>
    public MeterTotals? OutboundMeter => _outboundMeters.Count == 0 ? null : MeterTotals.Of(_outboundMeters);

    /// <summary>What the way in asks of the kernel; null when it is not metered.</summary>
    public MeterTotals? InboundMeter => _inboundMeters.Count == 0 ? null : MeterTotals.Of(_inboundMeters);

    /// <summary>What has been learned of the peers' paths.</summary>
    public PeerPaths Paths { get; } = new();

    /// <summary>Which accelerations are in use.</summary>
    public Accelerations Accelerations { get; }

    /// <summary>
    /// Completes with the reason when a worker has ended by itself. The others still run: a restart mends all.
    /// </summary>
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

    private void AddLane(WorkerContext context, Lane lane, int number)
    {
        if (_options.Layout == WorkerLayout.Pipeline)
        {
            AddPipelines(context, lane, number);
            return;
        }

        var outScratch = new SlabPart(0, Encapsulator.ScratchBytes);
        var inScratch = new SlabPart(0, Decapsulator.ScratchBytes);
        WorkerMeter? meterOut = Meter(_outboundMeters);
        WorkerMeter? meterIn = Meter(_inboundMeters);
        IWorker outbound = Keep(
            new OutboundWorker(context, Metered(
                meterOut, lane.Tun, outScratch), Metered(meterOut, lane.Port, outScratch)), _outbound, meterOut);
        var receiver = new InboundWorker(
            context, Metered(meterIn, lane.Tun, inScratch), Metered(meterIn, lane.Port, inScratch));
        IWorker inbound = Keep(receiver, _inbound, meterIn);
        if (_options.Layout == WorkerLayout.Duplex)
        {
            Add($"duplex-{number}", [outbound, inbound], new WaitSet(
                lane.Port.Descriptor, lane.Tun.Descriptor, receiver.DrainErrors), meterIn);
        }
        else
        {
            Add($"out-{number}", [outbound], new WaitSet(lane.Tun.Descriptor), meterOut);
            Add($"in-{number}", [inbound], new WaitSet(
                lane.Port.Descriptor, OnError: receiver.DrainErrors), meterIn);
        }
    }

    private void AddPipelines(WorkerContext context, Lane lane, int number)
    {
        WorkerMeter? meterRead = Meter(_outboundMeters);
        WorkerMeter? meterSend = Meter(_outboundMeters);
        WorkerMeter? meterReceive = Meter(_inboundMeters);
        WorkerMeter? meterWrite = Meter(_inboundMeters);
        var outPipe = new FramePipe(meterRead?.Calls, meterSend?.Calls);
        var inPipe = new FramePipe(meterReceive?.Calls, meterWrite?.Calls);
        var outScratch = new SlabPart(outPipe.ScratchOffset, Encapsulator.ScratchBytes);
        var inScratch = new SlabPart(inPipe.ScratchOffset, Decapsulator.ScratchBytes);
        IWorker read = Keep(
            new TunReadStage(context, Metered(meterRead, lane.Tun, default), outPipe, _stop), _outbound, meterRead);
        IWorker send = Keep(
            new SendStage(context, lane.Tun.HasVirtioNetHeader, Metered(
                meterSend, lane.Port, outScratch), outPipe), _outbound, meterSend);
        var receiver = new ReceiveStage(context, Metered(meterReceive, lane.Port, default), inPipe, _stop);
        IWorker receive = Keep(receiver, _inbound, meterReceive);
        IWorker write = Keep(
            new TunWriteStage(context, Metered(meterWrite, lane.Tun, inScratch), inPipe), _inbound, meterWrite);
        _memory.AddRange([outPipe, inPipe]);
        Add($"tun-read-{number}", [read], new WaitSet(lane.Tun.Descriptor), meterRead);
        Add($"send-{number}", [send], new WaitSet(outPipe.Readable), meterSend);
        Add($"receive-{number}", [receive], new WaitSet(
            lane.Port.Descriptor, OnError: receiver.DrainErrors), meterReceive);
        Add($"tun-write-{number}", [write], new WaitSet(inPipe.Readable), meterWrite);
    }

    private WorkerMeter? Meter(List<CallMeter> direction)
    {
        if (!_options.IsMetered)
        {
            return null;
        }

        var meter = new WorkerMeter(_options.ExtraCopies);
        direction.Add(meter.Calls);
        return meter;
    }

    private static ITunQueue Metered(WorkerMeter? meter, ITunQueue queue, SlabPart scratch) =>
        meter?.On(queue, scratch) ?? queue;

    private static IDatagramPort Metered(WorkerMeter? meter, IDatagramPort port, SlabPart scratch) =>
        meter?.On(port, scratch) ?? port;

    private IWorker Keep(IWorker worker, List<WorkerCounters> direction, WorkerMeter? meter)
    {
        direction.Add(worker.Counters);
        if (worker is IDisposable disposable)
        {
            _memory.Add(disposable);
        }

        return meter?.On(worker) ?? worker;
    }

    private void Add(string name, IWorker[] workers, WaitSet waits, WorkerMeter? meter) =>
        _threads.Add(
        new WorkerThread(
            name, workers, waits with { Meter = meter?.Calls }, _stop, _options.SpinMicroseconds, fault =>
                _fault.TrySetResult(fault)));
}
