using System.Globalization;
using System.Text;

namespace Overlay.Lease;

/// <summary>
/// Text that others may have put words into, such as a file's name or what a library says, made fit for one line.
/// </summary>
public static class OneLine
{
    private const int LongestShown = 120;

    /// <summary>
    /// The whole text, with every character that ends a line or moves a cursor as a question mark, as ls(1) shows them.
    /// </summary>
    public static string Mask(string text) => string.Create(text.Length, text, static (line, source) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = Misleads(source[i]) ? '?' : source[i];
        }
    });

    /// <summary>The text with line breaks, tabs and control characters as blanks, cut at 120 characters.</summary>
    public static string Shorten(string text)
    {
        StringBuilder line = new();
        foreach (char c in text)
        {
            if (line.Length == LongestShown)
            {
                line.Append('…');
                break;
            }

            bool blank = char.IsControl(c) || char.IsWhiteSpace(c);
            if (!blank)
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.ToString().TrimEnd();
    }

    // C0, DEL and C1 move a terminal's cursor; separators end a line, and format characters turn its direction, in many
    // viewers.
    private static bool Misleads(char c) => char.IsControl(c) || char.GetUnicodeCategory(c)
        is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
