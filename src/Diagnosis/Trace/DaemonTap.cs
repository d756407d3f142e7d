using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Diagnosis.Dump;
using Overlay.Router.Counters;
using Overlay.Router.Tapping;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>What a daemon sees of a trace in user space, by a capture of its own.</summary>
internal sealed class DaemonTap : IAsyncDisposable
{
    private const int SnapBytes = 160;
    private const int PacketsPerSecond = 20_000;

    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(3);

    private readonly Lock _reading = new();
    private readonly List<Sighting> _seen = [];
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();
    private readonly TracePing _ping;
    private readonly PacketDecoder _decoder = new();
    private Task _reads = Task.CompletedTask;

    private DaemonTap(TracePoint point, TracePing ping) => (Point, _ping) = (point, ping);

    /// <summary>The daemon.</summary>
    internal TracePoint Point { get; }

    /// <summary>Begins, and waits until the daemon captures.</summary>
    /// <param name="runDirectory">The daemon's.</param>
    /// <param name="point">What it is on the way.</param>
    /// <param name="ping">What is looked for.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperatorException">The daemon refuses, or is gone.</exception>
    internal static async Task<DaemonTap> StartAsync(
        string runDirectory, TracePoint point, TracePing ping, CancellationToken cancellation)
    {
        var tap = new DaemonTap(point, ping);
        tap._reads = tap.ReadAsync(runDirectory);
        try
        {
            await tap._begun.Task.WaitAsync(s_readyWithin, cancellation);
            return tap;
        }
        catch (Exception problem)
        {
            await tap.DisposeAsync();
            throw problem is TimeoutException
                ? new OperatorException($"it has not begun within {s_readyWithin.TotalSeconds} s", problem)
                : problem;
        }
    }

    /// <summary>Takes what has come.</summary>
    internal void Read(List<Sighting> into)
    {
        lock (_reading)
        {
            into.AddRange(_seen);
            _seen.Clear();
        }
    }

    /// <summary>Ends; the daemon does too, when nobody reads.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _reads;
        _ended.Dispose();
    }

    private async Task ReadAsync(string runDirectory)
    {
        var request = new CaptureRequest("icmp", SnapBytes, PacketsPerSecond, UserSpaceOnly: true);
        var pieces = new CapturePieces();
        try
        {
            await foreach (ReadOnlyMemory<byte> part in ControlClient.StreamAsync(
                runDirectory, ControlCommands.Capture, _ended.Token, request.ToJson()))
            {
                pieces.Take(part, Take);
            }

            _ = _begun.TrySetException(new OperatorException("it has ended"));
        }
        catch (OperationCanceledException)
        {
            _ = _begun.TrySetCanceled();
        }
        catch (Exception problem) when (problem is OperatorException or ControlProtocolException)
        {
            _ = _begun.TrySetException(new OperatorException(problem.Message, problem));
        }
    }

    private void Take(CapturePartKind kind, ReadOnlyMemory<byte> piece)
    {
        if (kind == CapturePartKind.Summary)
        {
            _ = _begun.TrySetResult(); // the tap is in place before the first one is written
        }

        while (kind == CapturePartKind.Packets
            && TapRecord.TryTake(ref piece, out TapRecord record, out ReadOnlyMemory<byte> packet))
        {
            byte[] bytes = packet.ToArray();
            if (_ping.Recognize(
                _decoder.Decode(Point.LinkType, bytes, record.Length), out ushort sequence) is { } way)
            {
                lock (_reading)
                {
                    _seen.Add(new Sighting(
                        Point, way, sequence, record.Nanoseconds, record.Direction == TapDirection.Outbound, bytes,
                        record.Length)
                    {
                        Drop = record.Verdict == DropReason.None ? null : record.Verdict.Name(),
                        Peer = record.Peer == default ? null : $"{record.Peer}",
                    });
                }
            }
        }
    }
}
