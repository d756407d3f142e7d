using System.Text.RegularExpressions;

namespace Overlay.Health;

/// <summary>Takes passwords out of lines.</summary>
public static partial class Secrets
{
    /// <summary>The text with the user's part of every URL (RFC 3986, section 3.2.1) as three asterisks.</summary>
    public static string Mask(string text) =>
        text.Contains("://", System.StringComparison.Ordinal) ? UserPart().Replace(text, "://***@") : text;

    [GeneratedRegex("://[^/?#\\s\"',]*@", RegexOptions.CultureInvariant)]
    private static partial Regex UserPart();
}
