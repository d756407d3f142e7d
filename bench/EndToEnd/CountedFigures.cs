using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Control;
using Overlay.Router.Metering;

namespace Overlay.Bench;

/// <summary>What the daemons' meters say of a window, per packet and per byte, and how it is told.</summary>
internal static class CountedFigures
{
    private const string BytesPerPacket = "bytes_per_packet", Switches = "switches";
    private const string Calls = "call.", KernelCopies = "kernel.", UserCopies = "user.", Stages = "stage.";
    private const string Outbound = "outbound", Inbound = "inbound";

    // In the packet's order; the two that are no call are what lies between calls.
    private static readonly string[] s_stages =
    [
        MeteredCall.TunRead.Name(), "encapsulate", MeteredCall.UdpSend.Name(),
        MeteredCall.UdpReceive.Name(), "decapsulate", MeteredCall.TunWrite.Name(),
    ];

    /// <summary>Adds a window's figures.</summary>
    /// <exception cref="BenchException">The daemons forwarded nothing.</exception>
    internal static void Add(SampleBook book, string workload, Window window)
    {
        // The data's way: what answers it the other way, a fraction of it or none, would blur every figure.
        var sent = Direction.Between(
            window.CountersBefore[0].Outbound, window.CountersBefore[0].Meter?.Outbound,
            window.CountersAfter[0].Outbound, window.CountersAfter[0].Meter?.Outbound);
        var received = Direction.Between(
            window.CountersBefore[1].Inbound, window.CountersBefore[1].Meter?.Inbound, window.CountersAfter[1].Inbound,
            window.CountersAfter[1].Meter?.Inbound);
        if (sent.Packets == 0 || received.Packets == 0)
        {
            throw new BenchException(
                $"{workload}: the daemons counted {sent.Packets} packets out of host 1 and {received.Packets} into "
                    + "host 2");
        }

        string prefix = Prefix(workload);
        book.Add(prefix + BytesPerPacket, (double)sent.Bytes / sent.Packets);
        book.Add(prefix + Switches, window.ContextSwitches / sent.Packets);
        foreach (MeteredCall call in (MeteredCall[])[MeteredCall.Wait, MeteredCall.Signal])
        {
            // Threads of either daemon sleep and are woken, whichever way it is for.
            long calls = CallsOf(window.CountersAfter, call) - CallsOf(window.CountersBefore, call);
            book.Add(prefix + Calls + call.Name(), (double)calls / sent.Packets);
        }

        AddCrossing(MeteredCall.TunRead, sent);
        AddCrossing(MeteredCall.UdpSend, sent);
        AddCrossing(MeteredCall.UdpReceive, received);
        AddCrossing(MeteredCall.TunWrite, received);
        AddWork("encapsulate", sent);
        AddWork("decapsulate", received);
        book.Add(prefix + UserCopies + Outbound, (double)sent.UserCopiedBytes / sent.Bytes);
        book.Add(prefix + UserCopies + Inbound, (double)received.UserCopiedBytes / received.Bytes);

        void AddCrossing(MeteredCall call, Direction direction)
        {
            book.Add(prefix + Calls + call.Name(), (double)direction.Calls[(int)call] / direction.Packets);
            book.Add(prefix + KernelCopies + call.Name(), (double)direction.CrossedBytes[(int)call] / direction.Bytes);
            book.Add(prefix + Stages + call.Name(), direction.CallSeconds[(int)call] * 1e9 / direction.Packets);
        }

        void AddWork(string stage, Direction direction) =>
            book.Add(prefix + Stages + stage, direction.WorkSeconds * 1e9 / direction.Packets);
    }

    /// <summary>What has been added for a workload.</summary>
    internal static CountedWorkload Of(SampleBook book, string workload)
    {
        string prefix = Prefix(workload);
        return new CountedWorkload(
            workload,
            book.Spread(prefix + BytesPerPacket),
            book.Under(prefix + Calls),
            book.Spread(prefix + Switches),
            book.Under(prefix + KernelCopies),
            book.Under(prefix + UserCopies),
            [.. s_stages.Select(stage => new StageCost(stage, book.Spread(prefix + Stages + stage)))]);
    }

    private static string Prefix(string workload) => $"count.{workload}.";

    private static long CallsOf(IReadOnlyList<CountersReport> counters, MeteredCall call) => counters
        .SelectMany(each => each.Meter is { } meter ? new[] { meter.Outbound, meter.Inbound } : [])
        .Sum(direction => direction.Calls.GetValueOrDefault(call.Name())?.Calls ?? 0);

    /// <summary>One direction of one daemon in a window.</summary>
    private sealed record Direction(
        long Packets, long Bytes, long[] Calls, long[] CrossedBytes, double[] CallSeconds, double WorkSeconds,
        long UserCopiedBytes)
    {
        internal static Direction Between(
            DirectionReport before, DirectionMeter? meterBefore, DirectionReport after, DirectionMeter? meterAfter)
        {
            if (meterBefore is null || meterAfter is null)
            {
                throw new BenchException("a daemon does not meter its calls; is it another version?");
            }

            CallReport[] calls = [.. MeteredCalls.All.Select(
                call => Minus(Of(meterAfter, call), Of(meterBefore, call)))];
            return new Direction(
                after.Packets - before.Packets,
                after.Bytes - before.Bytes,
                [.. calls.Select(call => call.Calls)],
                [.. calls.Select(call => call.Bytes)],
                [.. calls.Select(call => call.Seconds)],
                meterAfter.WorkSeconds - meterBefore.WorkSeconds,
                meterAfter.UserCopiedBytes - meterBefore.UserCopiedBytes);
        }

        private static CallReport Of(DirectionMeter meter, MeteredCall call) =>
            meter.Calls.GetValueOrDefault(call.Name()) ?? new CallReport(0, 0, 0);

        private static CallReport Minus(CallReport later, CallReport earlier) =>
            new(later.Calls - earlier.Calls, later.Bytes - earlier.Bytes, later.Seconds - earlier.Seconds);
    }
}
