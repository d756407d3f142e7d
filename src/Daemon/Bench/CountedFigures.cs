using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Bench.Results;
using Overlay.Daemon.Status;
using Overlay.Router.Metering;

namespace Overlay.Daemon.Bench;

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
        Direction[] outward = [.. Pairs(window).Select(pair => Direction.Between(pair.Before.Outbound, pair.Before.Meter?.Outbound, pair.After.Outbound, pair.After.Meter?.Outbound))];
        Direction[] inward = [.. Pairs(window).Select(pair => Direction.Between(pair.Before.Inbound, pair.Before.Meter?.Inbound, pair.After.Inbound, pair.After.Meter?.Inbound))];
        Direction sent = Direction.Sum(outward);
        Direction received = Direction.Sum(inward);
        if (sent.Packets == 0 || received.Packets == 0)
        {
            throw new BenchException($"{workload}: the daemons counted {sent.Packets} packets out and {received.Packets} in");
        }

        string prefix = Prefix(workload);
        book.Add(prefix + BytesPerPacket, (double)sent.Bytes / sent.Packets);
        book.Add(prefix + Switches, (double)window.Processes.ContextSwitches / sent.Packets);
        foreach (MeteredCall call in MeteredCalls.All)
        {
            book.Add(prefix + Calls + call.Name(), (double)(sent.Calls[(int)call] + received.Calls[(int)call]) / sent.Packets);
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

    private static IEnumerable<(CountersReport Before, CountersReport After)> Pairs(Window window) =>
        window.CountersBefore.Zip(window.CountersAfter);

    /// <summary>One direction of one daemon, or of all, in a window.</summary>
    private sealed record Direction(
        long Packets, long Bytes, long[] Calls, long[] CrossedBytes, double[] CallSeconds, double WorkSeconds, long UserCopiedBytes)
    {
        internal static Direction Between(DirectionReport before, DirectionMeter? meterBefore, DirectionReport after, DirectionMeter? meterAfter)
        {
            if (meterBefore is null || meterAfter is null)
            {
                throw new BenchException("a daemon does not meter its calls; is it another version?");
            }

            CallReport[] calls = [.. MeteredCalls.All.Select(call => Minus(Of(meterAfter, call), Of(meterBefore, call)))];
            return new Direction(
                after.Packets - before.Packets,
                after.Bytes - before.Bytes,
                [.. calls.Select(call => call.Calls)],
                [.. calls.Select(call => call.Bytes)],
                [.. calls.Select(call => call.Seconds)],
                meterAfter.WorkSeconds - meterBefore.WorkSeconds,
                meterAfter.UserCopiedBytes - meterBefore.UserCopiedBytes);
        }

        internal static Direction Sum(IReadOnlyList<Direction> all) => new(
            all.Sum(each => each.Packets),
            all.Sum(each => each.Bytes),
            [.. MeteredCalls.All.Select(call => all.Sum(each => each.Calls[(int)call]))],
            [.. MeteredCalls.All.Select(call => all.Sum(each => each.CrossedBytes[(int)call]))],
            [.. MeteredCalls.All.Select(call => all.Sum(each => each.CallSeconds[(int)call]))],
            all.Sum(each => each.WorkSeconds),
            all.Sum(each => each.UserCopiedBytes));

        private static CallReport Of(DirectionMeter meter, MeteredCall call) =>
            meter.Calls.GetValueOrDefault(call.Name()) ?? new CallReport(0, 0, 0);

        private static CallReport Minus(CallReport later, CallReport earlier) =>
            new(later.Calls - earlier.Calls, later.Bytes - earlier.Bytes, later.Seconds - earlier.Seconds);
    }
}
