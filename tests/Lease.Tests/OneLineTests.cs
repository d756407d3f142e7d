using Xunit;

namespace Overlay.Lease.Tests;

public sealed class OneLineTests
{
    [Fact]
    public void What_is_shortened_is_one_line_of_at_most_120_characters_and_says_that_it_was_cut()
    {
        Assert.Equal("{ \"Network\": 5 }", OneLine.Shorten(" {\r\n\t\"Network\":  5\u001b}\n"));
        Assert.Equal(new string('x', 120), OneLine.Shorten(new string('x', 120)));
        Assert.Equal(new string('x', 120) + '…', OneLine.Shorten(new string('x', 121)));
    }
}
