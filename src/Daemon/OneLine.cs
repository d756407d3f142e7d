using System.Globalization;

namespace Overlay.Daemon;

/// <summary>Text that others may have put words into, such as a file's name, made fit for a line of its own.</summary>
internal static class OneLine
{
    /// <summary>The text with every control character as a question mark, as ls(1) shows them.</summary>
    internal static string Of(string text) => string.Create(text.Length, text, (line, source) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = Misleads(source[i]) ? '?' : source[i];
        }
    });

    // C0, DEL and C1 move a terminal's cursor; separators end a line, and format characters turn its direction, in many viewers.
    private static bool Misleads(char c) => char.IsControl(c) || char.GetUnicodeCategory(c)
        is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
