using System;
using System.Globalization;
using System.Linq;

namespace Overlay.Terminal;

/// <summary>Text that others may have put words into, made fit for one line of a terminal or a log.</summary>
public static class TerminalText
{
    private static readonly string[] s_localeVariables = ["LC_ALL", "LC_CTYPE", "LANG"];

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

    /// <summary>
    /// Whether the locale is UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set decides (locale(7)).
    /// </summary>
    public static bool IsUnicode(Func<string, string?> variable) =>
        s_localeVariables.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value)) is { } locale
        && (locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase)
            || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase));

    // C0, DEL and C1 move a terminal's cursor; separators end a line, and format characters turn its direction, in many
    // viewers.
    private static bool Misleads(char c) => char.IsControl(c) || char.GetUnicodeCategory(c)
        is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
