using System;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Linux;
using Overlay.Router.Routes;
using Overlay.Tun;

namespace Overlay.Router.Forwarding;

/// <summary>The data plane: one thread for each direction, from <see cref="Start"/> to <see cref="Dispose"/>.</summary>
/// <remarks>It borrows device, socket and ICMP port; their owner disposes them afterwards.</remarks>
public sealed class Forwarder : IDisposable
{
    private readonly StopSignal _stop = new();
    private readonly TaskCompletionSource<Exception> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OutboundWorker _outbound;
    private readonly InboundWorker _inbound;
    private readonly Thread _outboundThread;
    private readonly Thread _inboundThread;

    private bool _isDisposed;

    /// <summary>Prepares both directions without starting them.</summary>
    /// <param name="tun">The device's queue.</param>
    /// <param name="port">The outer socket.</param>
    /// <param name="routes">Where both directions look up, once a batch.</param>
    /// <param name="icmp">Where errors leave; null to send none.</param>
    /// <param name="options">How packets are treated.</param>
    public Forwarder(ITunQueue tun, IDatagramPort port, RouteTableCell routes, IIcmpPort? icmp, ForwarderOptions options)
    {
        _outbound = new OutboundWorker(tun, port, routes, icmp);
        _inbound = new InboundWorker(tun, port, routes, icmp, options);
        _outboundThread = new Thread(() => Run(_outbound.RunBatch, _outbound.Wait)) { Name = "out-0", IsBackground = true };
        _inboundThread = new Thread(() => Run(_inbound.RunBatch, _inbound.Wait)) { Name = "in-0", IsBackground = true };
    }

    /// <summary>TUN to UDP.</summary>
    public PathCounters Outbound => _outbound.Counters;

    /// <summary>UDP to TUN.</summary>
    public PathCounters Inbound => _inbound.Counters;

    /// <summary>Completes with the reason when a direction has ended by itself. The other still runs: a restart mends both.</summary>
    public Task<Exception> Fault => _fault.Task;

    /// <summary>Starts both threads.</summary>
    public void Start()
    {
        _outboundThread.Start();
        _inboundThread.Start();
    }

    /// <summary>Signals both threads, waits until they have left, and frees the packet memory: in this order.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _stop.Set();
        Join(_outboundThread);
        Join(_inboundThread);
        _outbound.Dispose();
        _inbound.Dispose();
        _stop.Dispose();
    }

    private static void Join(Thread thread)
    {
        if ((thread.ThreadState & ThreadState.Unstarted) == 0)
        {
            thread.Join();
        }
    }

    // The loop itself stays small: it never leaves, so what it calls is what the optimizing compiler gets to replace.
    private void Run(Func<bool> runBatch, Action<StopSignal> wait)
    {
        try
        {
            while (!_stop.IsSet)
            {
                if (!runBatch())
                {
                    wait(_stop);
                }
            }
        }
        catch (Exception fault)
        {
            _fault.TrySetResult(fault);
        }
    }
}
