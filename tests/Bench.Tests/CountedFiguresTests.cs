using System.Collections.Generic;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Control;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class CountedFiguresTests
{
    [Fact]
    public void Counts_are_given_for_each_packet_and_each_byte_in_the_direction_of_the_data()
    {
        var book = new SampleBook();
        for (int round = 0; round < Spread.LeastRounds; round++)
        {
            CountedFigures.Add(
                book, "udp_64", Between([Daemon(100), Daemon(300)], [Daemon(1100), Daemon(1300)], contextSwitches: 50));
        }

        CountedWorkload counted = CountedFigures.Of(book, "udp_64");

        Assert.Equal(92, counted.BytesPerPacket.Median);
        Assert.Equal(0.05, counted.ContextSwitchesPerPacket.Median);
        Assert.Equal(2, counted.SystemCallsPerPacket["tun_read"].Median);
        Assert.Equal(0.5, counted.SystemCallsPerPacket["udp_send"].Median);
        Assert.Equal(0, counted.SystemCallsPerPacket["signal"].Median);
        Assert.Equal(1, counted.KernelCopiesPerByte["udp_send"].Median);
        Assert.Equal(102.0 / 92, counted.KernelCopiesPerByte["tun_read"].Median, 6);
        Assert.Equal(["inbound", "outbound"], counted.UserCopiesPerByte.Keys.Order());
        Assert.Equal(1, counted.UserCopiesPerByte["outbound"].Median);
        Assert.Equal(
            ["tun_read", "encapsulate", "udp_send", "udp_receive", "decapsulate", "tun_write"], counted.Stages.Select(
                stage => stage.Stage));
        Assert.Equal(3000, counted.Stages[0].NanosecondsPerPacket.Median, 3);
        Assert.Equal(500, counted.Stages[1].NanosecondsPerPacket.Median, 3);
    }

    [Fact]
    public void Daemons_that_forwarded_nothing_give_no_figure() =>
        Assert.Throws<BenchException>(() => CountedFigures.Add(
            new SampleBook(), "udp_64", Between([Daemon(5), Daemon(5)], [Daemon(5), Daemon(5)], 1)));

    [Fact]
    public void Daemons_that_do_not_meter_give_no_figure() =>
        Assert.Throws<BenchException>(() => CountedFigures.Add(
            new SampleBook(), "udp_64", Between([Unmetered(5), Unmetered(5)], [Unmetered(6), Unmetered(6)], 1)));

    private static CountersReport Unmetered(long packets) => Daemon(packets) with { Meter = null };

    // So many packets of 92 bytes each way: two reads, half a send, 3 us in reads and half a us of work each.
    private static CountersReport Daemon(long packets)
    {
        var direction = new DirectionReport(
            packets, packets * 92, new Dictionary<string, long>(), new Dictionary<string, long>());
        var meter = new DirectionMeter(
            new Dictionary<string, CallReport>
            {
                ["tun_read"] = new(packets * 2, packets * 102, packets * 3e-6),
                ["udp_send"] = new(packets / 2, packets * 92, packets * 1e-6),
            },
            packets * 0.5e-6,
            packets * 92);
        var idle = new DirectionMeter(new Dictionary<string, CallReport>(), 0, packets * 92);
        return new CountersReport(
            direction, direction, new Dictionary<string, long>(), 1, 1, new Dictionary<string, string>(), [], null,
            new MeterReport(meter, idle));
    }

    // The data goes from the first host to the second.
    private static Window Between(
        IReadOnlyList<CountersReport> before, IReadOnlyList<CountersReport> after, double contextSwitches) =>
        new(
            1, default, default, default,
            default) { CountersBefore = before, CountersAfter = after, ContextSwitches = contextSwitches };
}
