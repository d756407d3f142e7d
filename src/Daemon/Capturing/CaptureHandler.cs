using System;
using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Capture.Filters;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Status;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Tapping;
using Overlay.Terminal;

namespace Overlay.Daemon.Capturing;

/// <summary>Answers <c>overlay dump</c>: packets until the client goes, or the daemon ends.</summary>
/// <param name="running">The daemon that forwards.</param>
/// <param name="clock">Says when packets came.</param>
/// <param name="log">Gets a line when a capture begins and ends.</param>
internal sealed class CaptureHandler(ForwardingDaemon running, TimeProvider clock, ILogger log)
{
    private const int LeastSnapBytes = 20;
    private const int MostSnapBytes = 65_535;
    private const int MostPerSecond = 10_000_000;

    // Often enough for somebody who watches; each visit is a look at every pipe.
    private static readonly TimeSpan s_visits = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_summaries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestBatch = TimeSpan.FromSeconds(1);

    private CancellationTokenSource? _current; // a worker feeds one at a time

    /// <summary>Captures.</summary>
    /// <exception cref="ControlRefusalException">It cannot be done now; the line says why.</exception>
    internal async Task AnswerAsync(ControlAnswer answer, CancellationToken gone)
    {
        CaptureRequest request = Read(answer.Argument);
        CaptureSources sources = running.Ask(daemon => daemon.Capture)
            ?? throw new ControlRefusalException("the daemon is not ready: there is nothing to capture yet");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(gone, sources.Ended);
        if (Interlocked.CompareExchange(ref _current, ended, null) is not null)
        {
            throw new ControlRefusalException("another capture of this daemon is running; end it first");
        }

        BackendState state = sources.State;
        var summary = new CaptureSummary(
            state.Interface, state.Endpoint, 0, 0, 0, state.TunnelPort, state.VxlanPort);
        Log.CaptureStarted(log, request.Filter, request.SnapBytes, request.PacketsPerSecond);
        try
        {
            summary = await CaptureAsync(answer, request, sources, summary, gone, ended.Token);
        }
        catch (LinuxException refused)
        {
            throw new ControlRefusalException(refused.Message);
        }
        catch (OperatorException problem)
        {
            throw new ControlRefusalException(problem.Message);
        }
        finally
        {
            Volatile.Write(ref _current, null);
            Log.CaptureStopped(log, summary.Matched, summary.Lost + summary.LostByKernel);
        }
    }

    /// <summary>Ends the capture that is running, if there is one: it gives its rest, and its sum.</summary>
    internal async Task EndAsync(ControlAnswer answer, CancellationToken gone)
    {
        try
        {
            await (Volatile.Read(ref _current)?.CancelAsync() ?? Task.CompletedTask);
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    private async Task<CaptureSummary> CaptureAsync(
        ControlAnswer answer, CaptureRequest request, CaptureSources sources, CaptureSummary summary,
        CancellationToken gone, CancellationToken ended)
    {
        (PacketFilter filter, Ipv4Address? peer) = Compile(request);
        Ipv4Address own = EndpointText.Read(sources.State.Endpoint).Address ?? default;
        bool isKernelSeen = sources.IsKernelForwarding && request is { DropsOnly: false, UserSpaceOnly: false };
        using FrameCapture? frames =
            isKernelSeen ? new FrameCapture(sources, request, filter, peer, clock) : null;
        var tap = new PacketTap(
            new TapOptions(
                request.SnapBytes, request.PacketsPerSecond,
                new CaptureFilter(
                    filter, peer, !request.DropsOnly && !isKernelSeen, own, sources.State.TunnelPort ?? 0)),
            clock);
        if (sources.Taps?.TryInstall(tap) == false)
        {
            throw new ControlRefusalException("another capture of this daemon is running; end it first");
        }

        try
        {
            var output = new ArrayBufferWriter<byte>();
            using var visits = new PeriodicTimer(s_visits, clock);
            long read = 0;
            long lastSummary = long.MinValue;
            do
            {
                read += Visit(tap, frames, output);
                if (lastSummary == long.MinValue || clock.GetElapsedTime(lastSummary) >= s_summaries)
                {
                    WriteSummary();
                    lastSummary = clock.GetTimestamp();
                }

                await answer.WriteAsync(output.WrittenMemory, gone);
                output.ResetWrittenCount();
            }
            while (await TickAsync(visits, ended));

            // A worker that is in the middle of a batch ends it first.
            sources.Taps?.Remove(tap);
            long removed = clock.GetTimestamp();
            while ((read += Visit(tap, frames, output)) < tap.Totals.Kept
                && clock.GetElapsedTime(removed) < s_longestBatch)
            {
                await Task.Delay(s_visits, clock, gone);
            }

            WriteSummary();
            await answer.WriteAsync(output.WrittenMemory, gone);
            return Sum();

            void WriteSummary() => CapturePart.Write(
                output, CapturePartKind.Summary, Encoding.UTF8.GetBytes(Sum().ToJson()));
        }
        finally
        {
            sources.Taps?.Remove(tap);
        }

        CaptureSummary Sum()
        {
            TapTotals totals = tap.Totals;
            return summary with
            {
                Matched = totals.Matched + (frames?.Matched ?? 0),
                Lost = totals.Lost + (frames?.Lost ?? 0),
                LostByKernel = frames?.LostByKernel ?? 0,
            };
        }
    }

    // How many records of user space there were.
    private static long Visit(PacketTap tap, FrameCapture? frames, ArrayBufferWriter<byte> output)
    {
        long count = 0;
        foreach (TapWriter writer in tap.Writers)
        {
            writer.Read(records =>
            {
                CapturePart.Write(output, CapturePartKind.Packets, records.Span);
                while (TapRecord.TryTake(ref records, out _, out _))
                {
                    count++;
                }
            });
        }

        frames?.Read(output);
        return count;
    }

    private static async Task<bool> TickAsync(PeriodicTimer visits, CancellationToken ended)
    {
        try
        {
            return await visits.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static CaptureRequest Read(string? argument)
    {
        try
        {
            var request = CaptureRequest.Parse(argument ?? "");
            return request.SnapBytes is >= LeastSnapBytes and <= MostSnapBytes
                && request.PacketsPerSecond is >= 1 and <= MostPerSecond
                ? request
                : throw new ControlRefusalException(
                    $"{request.SnapBytes} bytes of {request.PacketsPerSecond} packets a second are asked for; give "
                        + $"{LeastSnapBytes} to {MostSnapBytes} bytes, and 1 to {MostPerSecond} packets");
        }
        catch (JsonException)
        {
            throw new ControlProtocolException("its argument is no request for a capture");
        }
    }

    private static (PacketFilter Filter, Ipv4Address? Peer) Compile(CaptureRequest request)
    {
        try
        {
            return (
                PacketFilter.Compile(request.Filter),
                request.Peer is null ? null
                    : Ipv4Address.TryParse(request.Peer, out Ipv4Address peer) ? peer
                        : throw new ControlRefusalException($"the peer is '{request.Peer}'; give its public IP"));
        }
        catch (FilterSyntaxException problem)
        {
            throw new ControlRefusalException(problem.Message);
        }
    }
}
