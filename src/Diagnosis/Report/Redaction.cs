using System.Text.RegularExpressions;
using Overlay.Health;

namespace Overlay.Diagnosis.Report;

/// <summary>
/// Takes out of a text what nobody else is to know. Addresses stay: a report without them says nothing.
/// </summary>
internal static partial class Redaction
{
    /// <summary>The text with passwords, tokens and keys as asterisks, also in URLs.</summary>
    internal static string Of(string text) =>
        PemBlock().Replace(NamedSecret().Replace(Secrets.Mask(text), "$1$2***"), "$1\n***\n$2");

    // --etcd-password X, "password": "X", TOKEN=X, Authorization: Bearer X. A file that a secret is in is no secret.
    [GeneratedRegex(
        """((?:password|passwd|token|secret|private[-_ ]?key|bearer)(?![-_]?file)["']?)"""
            + """(\s*[=:]\s*["']?|\s+["']?)[^\s"',;]+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(
        "(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----)",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex PemBlock();
}
