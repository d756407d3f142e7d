using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Pipelines;

/// <summary>The second stage of the way in: decapsulates the messages of the pipe where they lie.</summary>
internal sealed class TunWriteStage : IWorker, IDisposable
{
    private readonly RouteTableCell _routes;
    private readonly FramePipe _pipe;
    private readonly Decapsulator _decapsulator;

    internal TunWriteStage(ForwarderContext context, ITunQueue tun, FramePipe pipe)
    {
        _routes = context.Routes;
        _pipe = pipe;
        _decapsulator = new Decapsulator(pipe.Region, pipe.ScratchOffset, tun, context, Counters);
    }

    /// <inheritdoc/>
    public PathCounters Counters { get; } = new();

    public void Dispose() => _decapsulator.Dispose();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        if (!_pipe.TryRead(out ReadOnlySequence<byte> messages))
        {
            return false;
        }

        _decapsulator.BeginBatch(_routes.Current);
        foreach (ReadOnlyMemory<byte> piece in messages)
        {
            int offset = _pipe.OffsetOf(piece);
            for (int end = offset + piece.Length; offset < end;)
            {
                FrameHead head = _pipe.HeadAt(offset);
                _decapsulator.Take(new ReceiveBatch.Message(
                    offset + FramePipe.HeadBytes, head.Bytes, head.Source, head.SegmentBytes, IsTruncated: false));
                offset += head.StrideBytes;
            }
        }

        _decapsulator.Flush();
        _pipe.Release(messages);
        return true;
    }
}
