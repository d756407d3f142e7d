using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Overlay.Terminal;

namespace Overlay.Bench.Reports.Page;

/// <summary>
/// Elements of a page that is HTML and well-formed XML at once. All text is escaped, whoever wrote it.
/// </summary>
internal static class Markup
{
    private static readonly string[] s_void = ["meta", "br"];

    /// <summary>An element of HTML with attributes, text and elements in it; null is nothing.</summary>
    internal static XElement Html(string name, params object?[] content)
    {
        XElement element = new(name, content.Select(Safe));

        // An HTML parser takes <td/> for <td>.
        if (element.IsEmpty && !s_void.Contains(name))
        {
            element.Value = "";
        }

        return element;
    }

    /// <summary>An element of SVG.</summary>
    internal static XElement Svg(string name, params object?[] content) => new(name, content.Select(Safe));

    /// <summary>An attribute with text.</summary>
    internal static XAttribute Is(string name, string value) => new(name, Printable(value));

    /// <summary>An attribute with a length in pixels.</summary>
    internal static XAttribute At(string name, double pixels) => new(name, Number(pixels));

    /// <summary>An attribute with a length as a share of the drawing's width, 0 to 1.</summary>
    internal static XAttribute Share(string name, double share) => new(name, $"{Number(share * 100)}%");

    /// <summary>One figure: its range, if it has one, below its median.</summary>
    internal static IEnumerable<object> FigureCell(string figure)
    {
        int range = figure.IndexOf(" [", StringComparison.Ordinal);
        return range < 0 ? [figure] : [figure[..range], " ", Html("small", figure[(range + 1)..])];
    }

    /// <summary>
    /// A table that moves sideways in a place of its own where it is too wide. The first column names the row.
    /// </summary>
    /// <param name="label">What it is, for who cannot see it.</param>
    /// <param name="headings">One for each column.</param>
    /// <param name="rows">Each with as many cells.</param>
    /// <param name="style">A class that says how it differs from others.</param>
    internal static XElement Table(
        string label, IEnumerable<string> headings, IEnumerable<IEnumerable<string>> rows, string style = "plain") =>
        Html(
        "div",
        Is("class", $"wide {style}"),
        Is("role", "region"),
        Is("aria-label", label),
        Is("tabindex", "0"),
        Html(
            "table",
            Html("thead", Html("tr", headings.Select(heading => Html("th", Is("scope", "col"), heading)))),
            Html("tbody", rows.Select(row => Html("tr", row.Select((cell, column) => column == 0
                ? Html("th", Is("scope", "row"), cell)
                : Html("td", FigureCell(cell))))))));

    /// <summary>Text fit for a line and for XML.</summary>
    internal static string Printable(string text)
    {
        StringBuilder printable = new(text.Length);
        foreach (Rune rune in TerminalText.Mask(text).EnumerateRunes())
        {
            // Half a surrogate pair is enumerated as the replacement character.
            printable.Append(rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "?" : rune.ToString());
        }

        return printable.ToString();
    }

    private static object? Safe(object? content) => content switch
    {
        string text => new XText(Printable(text)),
        IEnumerable<object> many => many.Select(Safe),
        _ => content,
    };

    private static string Number(double value) => double.IsFinite(value)
        ? value.ToString("0.###", CultureInfo.InvariantCulture)
        : throw new ArgumentOutOfRangeException(nameof(value), value, "a drawing has only numbers in it");
}
