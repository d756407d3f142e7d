using System.Text;

namespace Overlay.Lease;

/// <summary>Foreign text made fit for a one-line message.</summary>
internal static class OneLine
{
    private const int LongestShown = 120;

    /// <summary>The text with line breaks, tabs and control characters as blanks, cut at 120 characters.</summary>
    internal static string Shorten(string text)
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
}
