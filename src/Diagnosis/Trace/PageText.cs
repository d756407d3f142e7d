using System.Globalization;
using System.Linq;
using System.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>Text for a page.</summary>
internal static class PageText
{
    /// <summary>One line, masked and escaped, for an element or an attribute in double quotes.</summary>
    internal static string Line(string text) => WebUtility.HtmlEncode(TerminalText.Mask(text));

    /// <summary>The same line by line.</summary>
    internal static string Lines(string text) => string.Join('\n', text.TrimEnd('\n').Split('\n').Select(Line));

    /// <summary>A length in pixels.</summary>
    internal static string Pixels(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Microseconds since the stop before; empty of the first.</summary>
    internal static string Since(TraceStop stop) => stop.Number == 1
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{stop.Microseconds:+0.0;-0.0} µs");
}
