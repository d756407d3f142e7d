using System;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;

namespace Overlay.Terminal;

/// <summary>Parsers that refuse with the option, the value found, and what to give.</summary>
public static class OptionParser
{
    /// <summary>A whole number in a range.</summary>
    public static Func<ArgumentResult, int?> Number(string option, int minimum, int maximum) => Of<int?>(
        option,
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value >= minimum
            && value <= maximum ? value : null,
        $"{minimum} to {maximum}");

    /// <summary>One of an enum's members, in lower case.</summary>
    public static Func<ArgumentResult, T> Choice<T>(string option)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
        return result => Of<T?>(
            option,
            text => Array.IndexOf(names, text) is >= 0 and int position ? Enum.GetValues<T>()[position] : null,
            string.Join(" or ", names))(result) ?? default;
    }

    /// <summary>A file or directory, made absolute.</summary>
    public static Func<ArgumentResult, string> Path(string option) => Of(
        option,
        text => string.IsNullOrWhiteSpace(text)
            || text.Contains('\0', StringComparison.Ordinal) ? null : System.IO.Path.GetFullPath(text),
        "a path");

    /// <summary>Whatever <paramref name="parse"/> does not answer with null.</summary>
    public static Func<ArgumentResult, T> Of<T>(string option, Func<string, T?> parse, string wanted) => result =>
    {
        string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : string.Empty;
        T? value = parse(text);
        if (value is null)
        {
            result.AddError($"{option} is '{text}'; give {wanted}");
            return default!; // not read: an error ends the command before its action runs
        }

        return value;
    };
}
