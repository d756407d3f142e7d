using Xunit;

namespace Overlay.Lease.Tests;

public sealed class OneLineTests
{
    [Theory]
    [InlineData("10.244.1.0-24 und zurück", "10.244.1.0-24 und zurück")]
    [InlineData("a\nb\tc", "a?b?c")]
    [InlineData("a\u001b[31mb", "a?[31mb")]
    [InlineData("a\u009b31mb", "a?31mb")] // the same to a terminal, in one character
    [InlineData("a\u2028b\u2029c", "a?b?c")]
    [InlineData("a\u202eb", "a?b")] // turns the direction of what follows
    public void Nothing_in_a_name_moves_the_cursor_or_ends_the_line(string text, string line) =>
        Assert.Equal(line, OneLine.Mask(text));

    [Fact]
    public void What_is_shortened_is_one_line_of_at_most_120_characters_and_says_that_it_was_cut()
    {
        Assert.Equal("{ \"Network\": 5 }", OneLine.Shorten(" {\r\n\t\"Network\":  5\u001b}\n"));
        Assert.Equal(new string('x', 120), OneLine.Shorten(new string('x', 120)));
        Assert.Equal(new string('x', 120) + '…', OneLine.Shorten(new string('x', 121)));
    }
}
