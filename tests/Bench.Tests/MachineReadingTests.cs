using System;
using Overlay.Bench.Counting;
using Overlay.Bench.Results;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class MachineReadingTests
{
    [Fact]
    public void Processor_times_are_hundredths_of_a_second_and_interrupts_count_with_softirq()
    {
        // user nice system idle iowait irq softirq steal guest guest_nice
        var times = ProcessorTimes.Parse("cpu  100 20 300 4000 500 6 70 8 9 10");

        Assert.Equal(new ProcessorTimes(1.2, 3, 0.76, 45, 0.08), times);
        Assert.Equal(4.96, times.Busy, 6);
        Assert.Equal(50.04, times.Total, 6);
    }

    [Fact]
    public void What_passed_is_the_later_reading_less_the_earlier_one() =>
        Assert.Equal(
            new ProcessorTimes(1, 2, 3, 4, 5),
            new ProcessorTimes(11, 12, 13, 14, 15) - new ProcessorTimes(10, 10, 10, 10, 10));

    [Fact]
    public void This_process_uses_processor_time_and_memory_and_one_that_is_gone_uses_nothing()
    {
        var own = ProcessFacts.Read([Environment.ProcessId]);

        Assert.True(own.UserSeconds > 0 && own.ContextSwitches > 0, $"{own}");
        Assert.InRange(own.ResidentBytes, 10L << 20, 4L << 30);
        Assert.Equal(default, ProcessFacts.Read([int.MaxValue]));
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-1", 2)]
    [InlineData("0,4", 2)]
    [InlineData("0-3,8-9,12", 7)]
    public void A_list_of_processors_has_as_many_as_it_names(string list, int expected) =>
        Assert.Equal(expected, MachineFacts.CountOfList(list));

    [Theory]
    [InlineData(0.9, 4.9, false)]
    [InlineData(1.1, 0, true)]
    [InlineData(0, 5.1, true)]
    public void A_machine_is_shared_when_others_had_a_part_worth_naming(double steal, double other, bool expected) =>
        Assert.Equal(expected, new MachineShares(steal, other).IsShared);

    [Fact]
    public void The_environment_is_read_from_the_machine_and_names_who_shares_it()
    {
        BenchEnvironment environment = MachineFacts.Read(
            DateTimeOffset.UnixEpoch, "overlay bench", new MachineShares(1.5, 0));

        Assert.Equal("1970-01-01T00:00:00Z", environment.Timestamp);
        Assert.StartsWith("Linux ", environment.Kernel, StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessorCount, environment.Processors);
        Assert.True(environment.MemoryBytes > 1 << 28 && environment.IsShared);
        Assert.NotEmpty(environment.CpuModel);
    }
}
