using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Forwarding;
using Overlay.Router.Routes;

namespace Overlay.Router.Pipelines;

/// <summary>The second stage of the way out: encapsulates the frames of the pipe where they lie.</summary>
internal sealed class SendStage : IWorker, IDisposable
{
    private readonly RouteTableCell _routes;
    private readonly FramePipe _pipe;
    private readonly Encapsulator _encapsulator;
    private readonly int _frameHeaderBytes;

    internal SendStage(ForwarderContext context, bool hasVirtioNetHeader, IDatagramPort port, FramePipe pipe)
    {
        _routes = context.Routes;
        _pipe = pipe;
        _frameHeaderBytes = hasVirtioNetHeader ? VirtioNetHeader.Bytes : 0;
        var sender = new PeerSender(pipe.Region, port, Counters, context);
        _encapsulator = new Encapsulator(
            pipe.Region, pipe.ScratchOffset, hasVirtioNetHeader, sender, new IcmpErrorSender(context.Icmp, Counters), Counters);
    }

    /// <inheritdoc/>
    public PathCounters Counters { get; } = new();

    public void Dispose() => _encapsulator.Dispose();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        if (!_pipe.TryRead(out ReadOnlySequence<byte> frames))
        {
            return false;
        }

        _encapsulator.BeginBatch(_routes.Current);
        foreach (ReadOnlyMemory<byte> piece in frames)
        {
            int offset = _pipe.OffsetOf(piece);
            for (int end = offset + piece.Length; offset < end;)
            {
                FrameHead head = _pipe.HeadAt(offset);
                _encapsulator.Take(offset + FramePipe.HeadBytes - _frameHeaderBytes, head.Bytes + _frameHeaderBytes);
                offset += head.StrideBytes;
            }
        }

        _encapsulator.Flush();
        _pipe.Release(frames);
        return true;
    }
}
