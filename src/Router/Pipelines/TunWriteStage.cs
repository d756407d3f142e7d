using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Inbound;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Pipelines;

/// <summary>The second stage inbound: decapsulates the messages of the pipe where they lie, and writes.</summary>
internal sealed class TunWriteStage : IWorker, IDisposable
{
    private readonly RouteTableCell _routes;
    private readonly FramePipe _pipe;
    private readonly Decapsulator _decapsulator;

    internal TunWriteStage(WorkerContext context, ITunQueue tun, FramePipe pipe)
    {
        _routes = context.Routes;
        _pipe = pipe;
        _decapsulator = new Decapsulator(pipe.Region, pipe.ScratchOffset, tun, context, Counters);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

    public void Dispose() => _decapsulator.Dispose();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        if (!_pipe.TryRead(out Frames messages))
        {
            return false;
        }

        _decapsulator.BeginBatch(_routes.Current);
        foreach (Frame message in messages)
        {
            FrameHead head = message.Head;
            _decapsulator.Take(new ReceiveBatch.Message(
                message.Offset, head.Bytes, head.Source, head.SegmentBytes, IsTruncated: false));
        }

        _decapsulator.Flush();
        _pipe.Release(messages);
        return true;
    }
}
