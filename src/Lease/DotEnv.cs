using System;

namespace Overlay.Lease;

/// <summary>
/// Reads KEY=value lines the way a shell would source them: blank lines, comments, <c>export</c>, single and double
/// quotes, and a comment after the value. Lines that are none of these are passed over. Variables are not expanded.
/// </summary>
internal static class DotEnv
{
    private const string Export = "export";

    /// <summary>
    /// The value of a variable, without quotes; null when no line sets it. The last of several lines wins.
    /// </summary>
    internal static string? Find(string text, string variable)
    {
        string? found = null;
        foreach (ReadOnlySpan<char> rawLine in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = rawLine.Trim();
            if (line.StartsWith(Export) && line.Length > Export.Length && char.IsWhiteSpace(line[Export.Length]))
            {
                line = line[Export.Length..].TrimStart();
            }

            int equals = line.IndexOf('=');
            if (equals > 0 && line[..equals].TrimEnd().SequenceEqual(variable))
            {
                found = Value(line[(equals + 1)..].TrimStart());
            }
        }

        return found;
    }

    private static string Value(ReadOnlySpan<char> rest)
    {
        if (rest.Length > 0 && rest[0] is '"' or '\'')
        {
            int close = rest[1..].IndexOf(rest[0]);
            return close < 0 ? rest[1..].ToString() : rest.Slice(1, close).ToString();
        }

        // A comment starts at the beginning or after a blank; elsewhere # is part of the value.
        for (int i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '#' && (i == 0 || char.IsWhiteSpace(rest[i - 1])))
            {
                rest = rest[..i];
                break;
            }
        }

        return rest.TrimEnd().ToString();
    }
}
