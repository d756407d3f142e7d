using System.Text;

namespace Overlay.Lease;

/// <summary>
/// Makes text that comes from elsewhere, such as a file's name or an exception's message, fit for one line.
/// </summary>
public static class OneLine
{
    private const int LongestShown = 120;

    /// <summary>The text with line breaks, tabs and control characters as blanks, cut at 120 characters.</summary>
    public static string Shorten(string text)
    {
        var line = new StringBuilder();
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
