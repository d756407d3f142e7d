using System;

namespace Overlay.Daemon;

/// <summary>Text that others may have put words into, such as a file's name, made fit for a line of its own.</summary>
internal static class OneLine
{
    /// <summary>The text with every control character as a question mark, as ls(1) shows them.</summary>
    internal static string Of(string text) => text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !text.Contains('\x7f', StringComparison.Ordinal)
        ? text
        : string.Create(text.Length, text, (line, source) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
}
