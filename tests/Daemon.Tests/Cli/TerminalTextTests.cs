using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("10.244.1.0-24 und zurück", "10.244.1.0-24 und zurück")]
    [InlineData("a\nb\tc", "a?b?c")]
    [InlineData("a\u001b[31mb", "a?[31mb")]
    [InlineData("a\u009b31mb", "a?31mb")] // the same to a terminal, in one character
    [InlineData("a\u2028b\u2029c", "a?b?c")]
    [InlineData("a\u202eb", "a?b")] // turns the direction of what follows
    public void Nothing_in_a_name_moves_the_cursor_or_ends_the_line(string text, string line) =>
        Assert.Equal(line, TerminalText.Mask(text));
}
