using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Outbound;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Workers;

namespace Overlay.Router.Pipelines;

/// <summary>The second stage outbound: encapsulates the frames of the pipe where they lie, and sends.</summary>
internal sealed class SendStage : IWorker, IDisposable
{
    private readonly RouteTableCell _routes;
    private readonly FramePipe _pipe;
    private readonly Encapsulator _encapsulator;
    private readonly int _frameHeaderBytes;

    internal SendStage(WorkerContext context, bool hasVirtioNetHeader, IDatagramPort port, FramePipe pipe)
    {
        _routes = context.Routes;
        _pipe = pipe;
        _frameHeaderBytes = hasVirtioNetHeader ? VirtioNetHeader.Bytes : 0;
        var sender = new PeerSender(pipe.Region, port, Counters, context);
        var icmp = new IcmpErrorSender(context.Icmp, Counters);
        _encapsulator = new Encapsulator(
            pipe.Region, pipe.ScratchOffset, hasVirtioNetHeader, sender, icmp, context.Options.Own, Counters);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

    public void Dispose() => _encapsulator.Dispose();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        if (!_pipe.TryRead(out Frames frames))
        {
            return false;
        }

        _encapsulator.BeginBatch(_routes.Current);
        foreach (Frame frame in frames)
        {
            _encapsulator.Take(frame.Offset - _frameHeaderBytes, frame.Head.Bytes + _frameHeaderBytes);
        }

        _encapsulator.Flush();
        _pipe.Release(frames);
        return true;
    }
}
