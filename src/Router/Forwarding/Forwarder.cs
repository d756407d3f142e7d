using System;
using System.Collections.Generic;
using System.Linq;
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
using Overlay.Router.Tapping;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The data plane: the workers of all lanes and their threads, from start to stop.</summary>
/// <remarks>It borrows devices, sockets and ICMP port; their owner disposes them afterwards.</remarks>
public sealed class Forwarder : IDisposable
{
    private readonly ForwarderOptions _options;
    private readonly EventSignal _stop = new();
    private readonly TaskCompletionSource<Exception> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<WorkerThread> _threads = [];
    private readonly List<IDisposable> _memory = []; // a pipe comes after the stages that use it
    private readonly List<WorkerCounters> _outbound = [];
    private readonly List<WorkerCounters> _inbound = [];
    private readonly List<CallMeter> _outboundMeters = [];
    private readonly List<CallMeter> _inboundMeters = [];

    private bool _isDisposed;

    /// <summary>Prepares all workers without starting them.</summary>
    /// <param name="lanes">Each gets workers of its own. 1 or more.</param>
    /// <param name="routes">Where workers look destinations up.</param>
    /// <param name="icmp">Where ICMP errors leave; null to send none.</param>
    /// <param name="accelerations">Which are in use.</param>
    /// <param name="options">How packets are treated and which threads there are.</param>
    public Forwarder(
        IReadOnlyList<Lane> lanes,
        RouteTableCell routes,
        IIcmpPort? icmp,
        Accelerations accelerations,
        ForwarderOptions options)
    {
        _options = options;
        Accelerations = accelerations;
        var context = new WorkerContext(routes, icmp, Paths, accelerations, options.Workers)
        {
            Errors = Errors,
            Replies = lanes[0].Port,
            Taps = Taps,
        };
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
    /// Both directions by peer: those that something was forwarded for, and that were peers with the latest batch.
    /// </summary>
    public IReadOnlyList<PeerTotals> Peers => PeerTotals.Of(_outbound, _inbound);

    /// <summary>
    /// What the outbound direction asks of the kernel; null when it is not metered. The waits of a thread that serves
    /// both directions count as inbound.
    /// </summary>
    public MeterTotals? OutboundMeter => _outboundMeters.Count == 0 ? null : MeterTotals.Of(_outboundMeters);

    /// <summary>What the inbound direction asks of the kernel; null when it is not metered.</summary>
    public MeterTotals? InboundMeter => _inboundMeters.Count == 0 ? null : MeterTotals.Of(_inboundMeters);

    /// <summary>What each thread is doing. Any thread may ask.</summary>
    public IReadOnlyList<ThreadProgress> Threads => [.. _threads.Select(thread => thread.Progress)];

    /// <summary>What has been learned of the paths to peers.</summary>
    public PeerPaths Paths { get; } = new();

    /// <summary>The ICMP errors that have come about datagrams to peers.</summary>
    public PeerErrors Errors { get; } = new();

    /// <summary>Holds the capture in force.</summary>
    public TapCell Taps { get; } = new();

    /// <summary>Which accelerations are in use.</summary>
    public Accelerations Accelerations { get; }

    /// <summary>
    /// Completes with the reason when a worker has ended by itself. The other threads go on until
    /// <see cref="Dispose"/>.
    /// </summary>
    public Task<Exception> Fault => _fault.Task;

    /// <summary>Starts all threads.</summary>
    public void Start() => _threads.ForEach(thread => thread.Start());

    /// <summary>Signals all threads, waits until they have left, and frees the packet memory, in this order.</summary>
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
        WorkerMeter? outMeter = Meter(_outboundMeters);
        WorkerMeter? inMeter = Meter(_inboundMeters);
        var sender = new OutboundWorker(
            context, Metered(outMeter, lane.Tun, outScratch), Metered(outMeter, lane.Port, outScratch));
        var receiver = new InboundWorker(
            context, Metered(inMeter, lane.Tun, inScratch), Metered(inMeter, lane.Port, inScratch));
        IWorker outbound = Keep(sender, _outbound, outMeter);
        IWorker inbound = Keep(receiver, _inbound, inMeter);
        if (_options.Layout == WorkerLayout.Duplex)
        {
            var waits = new WaitSet(lane.Port.Descriptor, lane.Tun.Descriptor, receiver.DrainErrors);
            AddThread($"duplex-{number}", [outbound, inbound], waits, inMeter);
            return;
        }

        AddThread($"out-{number}", [outbound], new WaitSet(lane.Tun.Descriptor), outMeter);
        AddThread(
            $"in-{number}", [inbound], new WaitSet(lane.Port.Descriptor, OnError: receiver.DrainErrors), inMeter);
    }

    private void AddPipelines(WorkerContext context, Lane lane, int number)
    {
        WorkerMeter? readMeter = Meter(_outboundMeters);
        WorkerMeter? sendMeter = Meter(_outboundMeters);
        WorkerMeter? receiveMeter = Meter(_inboundMeters);
        WorkerMeter? writeMeter = Meter(_inboundMeters);
        var outPipe = new FramePipe(readMeter?.Calls, sendMeter?.Calls);
        var inPipe = new FramePipe(receiveMeter?.Calls, writeMeter?.Calls);
        var outScratch = new SlabPart(outPipe.ScratchOffset, Encapsulator.ScratchBytes);
        var inScratch = new SlabPart(inPipe.ScratchOffset, Decapsulator.ScratchBytes);
        var reader = new TunReadStage(context, Metered(readMeter, lane.Tun, default), outPipe, _stop);
        var sender = new SendStage(
            context, lane.Tun.HasVirtioNetHeader, Metered(sendMeter, lane.Port, outScratch), outPipe);
        var receiver = new ReceiveStage(context, Metered(receiveMeter, lane.Port, default), inPipe, _stop);
        var writer = new TunWriteStage(context, Metered(writeMeter, lane.Tun, inScratch), inPipe);
        IWorker read = Keep(reader, _outbound, readMeter);
        IWorker send = Keep(sender, _outbound, sendMeter);
        IWorker receive = Keep(receiver, _inbound, receiveMeter);
        IWorker write = Keep(writer, _inbound, writeMeter);
        _memory.AddRange([outPipe, inPipe]);
        AddThread($"tun-read-{number}", [read], new WaitSet(lane.Tun.Descriptor), readMeter);
        AddThread($"send-{number}", [send], new WaitSet(outPipe.Readable), sendMeter);
        AddThread(
            $"receive-{number}",
            [receive],
            new WaitSet(lane.Port.Descriptor, OnError: receiver.DrainErrors),
            receiveMeter);
        AddThread($"tun-write-{number}", [write], new WaitSet(inPipe.Readable), writeMeter);
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

    private void AddThread(string name, IWorker[] workers, WaitSet waits, WorkerMeter? meter) =>
        _threads.Add(new WorkerThread(
            name,
            workers,
            waits with { Meter = meter?.Calls },
            _stop,
            _options.SpinMicroseconds,
            fault => _fault.TrySetResult(fault)));
}
