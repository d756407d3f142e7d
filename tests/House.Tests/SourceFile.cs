using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Overlay.House.Tests;

/// <summary>What one source file declares and names, as far as its text shows it.</summary>
internal sealed class SourceFile
{
    private readonly HashSet<string> _types;
    private readonly HashSet<string> _names;
    private readonly HashSet<string> _qualifiedNames;
    private readonly string[] _usings;

    private SourceFile(string path, string text)
    {
        Path = path;

        // Literals and comments name nothing; the crefs in them do.
        string code = Regex.Replace(text, @"""(?:[^""\\\n]|\\.)*""", string.Empty);
        code = Regex.Replace(code, "//.*", string.Empty)
            + string.Concat(Regex.Matches(text, @"cref=""([^""]*)""").Select(match => $"\n{match.Groups[1].Value}"));
        Namespace = Regex.Match(code, @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value;
        _usings = [.. Matches(code, @"^using (?:static |\w+ = )?([\w.]+);")];
        _types = [.. Matches(code, @"\b(?:class|struct|interface|enum|record) (?!struct\b|class\b)(\w+)")];
        code = Regex.Replace(code, @"^(using|namespace) [^(\n]*;", string.Empty, RegexOptions.Multiline);
        _names = [.. Matches(code, @"(?<![\w.])([A-Z]\w*)")];
        _qualifiedNames = [.. Matches(code, @"(?=\b([A-Z]\w*\.[A-Z]\w*))")];
    }

    internal string Path { get; }

    internal string Namespace { get; }

    internal static SourceFile Read(string path) => new(path, File.ReadAllText(path));

    /// <summary>
    /// Whether this file names a type that the other one declares: one that it can see through its own namespace, one
    /// around it or a using, or one that it names with its namespace.
    /// </summary>
    internal bool Uses(SourceFile other)
    {
        string room = other.Namespace[(other.Namespace.LastIndexOf('.') + 1)..];
        return other._types.Any(type => !_types.Contains(type)
            && ((_names.Contains(type) && Sees(other.Namespace)) || _qualifiedNames.Contains($"{room}.{type}")));
    }

    private bool Sees(string name) => $"{Namespace}.".StartsWith($"{name}.", StringComparison.Ordinal)
        || _usings.Any(each => $"{each}.".StartsWith($"{name}.", StringComparison.Ordinal));

    private static IEnumerable<string> Matches(string text, string pattern) =>
        Regex.Matches(text, pattern, RegexOptions.Multiline).Select(match => match.Groups[1].Value);
}
