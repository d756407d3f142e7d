using System;
using System.Runtime.CompilerServices;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Ports;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Router.Inbound;

/// <summary>UDP to TUN on one thread: a batch is what one call received, decapsulated and written.</summary>
internal sealed class InboundWorker : IWorker, IDisposable
{
    // How many messages a call asks for follows their length: a few trains fill the cache, while many small datagrams
    // may share a call.
    private const int FewMessages = 4;
    private const int ManyMessages = 64;
    private const int SmallMessageBytes = 8 << 10;
    private const int LargeMessageBytes = 32 << 10;

    private readonly Receiver _receiver;
    private readonly RouteTableCell _routes;
    private readonly PinnedSlab _slab;
    private readonly ReceiveBatch _batch;
    private readonly Decapsulator _decapsulator;
    private readonly bool _adapts;
    private int _atMost;

    internal InboundWorker(WorkerContext context, ITunQueue tun, IDatagramPort port)
    {
        _routes = context.Routes;
        _receiver = new Receiver(context, port, Counters);
        _adapts = context.Options.MessagesPerBatch > FewMessages;
        int slots = Math.Min(ManyMessages, context.Options.MessagesPerBatch);
        _atMost = _adapts ? FewMessages : slots;
        _slab = new PinnedSlab(Decapsulator.ScratchBytes + ReceiveBatch.BytesFor(slots));
        _batch = new ReceiveBatch(_slab, Decapsulator.ScratchBytes, slots);
        _decapsulator = new Decapsulator(_slab, 0, tun, context, Counters);
    }

    /// <inheritdoc/>
    public WorkerCounters Counters { get; } = new();

    public void Dispose()
    {
        _decapsulator.Dispose();
        _batch.Dispose();
        _slab.Dispose();
    }

    /// <inheritdoc/>
    /// <exception cref="LinuxException">The socket does not work any more.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool RunBatch()
    {
        if (!_receiver.Receive(_batch, _atMost))
        {
            return false;
        }

        _decapsulator.BeginBatch(_routes.Current);
        long bytes = 0;
        for (int i = 0; i < _batch.Count; i++)
        {
            ref readonly ReceiveBatch.Message message = ref _batch[i];
            bytes += message.Bytes;
            if (_receiver.IsWhole(message))
            {
                _decapsulator.Take(message);
            }
        }

        _decapsulator.Flush();
        Adapt(bytes);
        return true;
    }

    /// <summary>Reads what the socket reports about datagrams that were sent earlier.</summary>
    internal void DrainErrors() => _receiver.DrainErrors();

    private void Adapt(long bytes)
    {
        if (!_adapts || _batch.Count == 0)
        {
            return;
        }

        long average = bytes / _batch.Count;
        if (average >= LargeMessageBytes)
        {
            _atMost = FewMessages;
        }
        else if (average < SmallMessageBytes && _batch.Count == _atMost)
        {
            _atMost = Math.Min(2 * _atMost, _batch.Capacity);
        }
    }
}
