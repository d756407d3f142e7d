using System;
using System.IO;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class ProcessorCountTests
{
    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-3", 4)]
    [InlineData("0-3\n", 4)]
    [InlineData("0-3,8", 9)]
    [InlineData("0,2-127", 128)]
    public void A_list_of_processors_ends_with_the_largest_number(string list, int expected) =>
        Assert.Equal(expected, ProcessorCount.Parse(list));

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("0-")]
    public void What_is_no_list_is_refused_with_what_was_found(string list) =>
        Assert.Contains($"'{list}'", Assert.Throws<InvalidDataException>(() => ProcessorCount.Parse(list)).Message);

    [Fact]
    public void There_is_room_for_every_processor_that_this_process_sees() =>
        Assert.True(ProcessorCount.ReadPossible() >= Environment.ProcessorCount);
}
