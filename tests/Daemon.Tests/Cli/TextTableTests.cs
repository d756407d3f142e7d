using System.Collections.Generic;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class TextTableTests
{
    private static readonly string[] s_headings = ["SUBNET", "PUBLIC IP", "NOTE"];

    private static readonly string[][] s_rows =
    [
        ["10.244.1.0/24", "192.0.2.1", ""],
        ["10.244.20.0/24", "192.0.2.200", "is skipped: it overlaps another one"],
    ];

    [Fact]
    public void Where_there_is_room_a_row_is_a_line() => Assert.Equal(
        [
            "SUBNET          PUBLIC IP    NOTE",
            "10.244.1.0/24   192.0.2.1",
            "10.244.20.0/24  192.0.2.200  is skipped: it overlaps another one",
        ],
        TextTable.Lines(s_headings, s_rows, TextTable.Unlimited));

    [Fact]
    public void On_a_narrow_terminal_the_note_goes_below_its_row_broken_between_words() => Assert.Equal(
        [
            "SUBNET          PUBLIC IP    NOTE",
            "10.244.1.0/24   192.0.2.1",
            "10.244.20.0/24  192.0.2.200",
            "    is skipped: it overlaps another",
            "    one",
        ],
        TextTable.Lines(s_headings, s_rows, 36));

    [Fact]
    public void On_a_very_narrow_one_each_row_is_a_block() => Assert.Equal(
        [
            "10.244.1.0/24",
            "    public ip: 192.0.2.1",
            "10.244.20.0/24",
            "    public ip:",
            "    192.0.2.200",
            "    note: is skipped: it",
            "    overlaps another one",
        ],
        TextTable.Lines(s_headings, s_rows, 25));

    [Fact]
    public void A_last_column_without_text_is_left_out() =>
        Assert.Equal(
            ["SUBNET         PUBLIC IP", "10.244.1.0/24  192.0.2.1"], TextTable.Lines(s_headings, [s_rows[0]], 80));

    [Fact]
    public void No_line_is_wider_than_the_terminal_and_none_ends_with_a_blank()
    {
        for (int width = 24; width < 90; width++)
        {
            Assert.All(TextTable.Lines(s_headings, s_rows, width), line =>
            {
                Assert.InRange(line.Length, 1, width);
                Assert.Equal(line.TrimEnd(), line);
            });
        }
    }

    [Fact]
    public void Text_from_a_store_cannot_reach_the_terminal()
    {
        IReadOnlyList<string>[] rows = [["\u001b[31m", "a\nb", "c\td"]];

        Assert.All(TextTable.Lines(
            s_headings, rows, TextTable.Unlimited), line => Assert.DoesNotContain(line, char.IsControl));
    }
}
