using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Inbound;
using Overlay.Router.Ports;
using Overlay.Router.Workers;

namespace Overlay.Router.Pipelines;

/// <summary>The first stage inbound: receives messages into the pipe's memory.</summary>
internal sealed class ReceiveStage : IWorker, IDisposable
{
    private readonly WorkerContext _context;
    private readonly FramePipe _pipe;
    private readonly EventSignal _stop;
    private readonly Receiver _receiver;
    private readonly ReceiveBatch _message;

    internal ReceiveStage(WorkerContext context, IDatagramPort port, FramePipe pipe, EventSignal stop)
    {
        _context = context;
        _pipe = pipe;
        _stop = stop;
        _receiver = new Receiver(context, port, Counters);
        _message = new ReceiveBatch(pipe.Region, pipe.ScratchOffset, slots: 1);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

    public void Dispose() => _message.Dispose();

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The socket does not work any more.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        int messages = 0;
        for (; messages < _context.Options.MessagesPerBatch && _pipe.TryReserve(_stop, out int offset); messages++)
        {
            _message.Place(0, offset + FramePipe.HeadBytes);
            if (!_receiver.Receive(_message, 1))
            {
                break;
            }

            if (_message.Count > 0 && _receiver.IsWhole(_message[0]))
            {
                _pipe.Commit(offset, new FrameHead(_message[0].Bytes, _message[0].Source, _message[0].SegmentBytes));
            }
        }

        if (messages > 0)
        {
            _pipe.Publish();
        }

        return messages > 0;
    }

    /// <summary>Reads what the socket reports about datagrams that were sent earlier.</summary>
    internal void DrainErrors() => _receiver.DrainErrors();
}
