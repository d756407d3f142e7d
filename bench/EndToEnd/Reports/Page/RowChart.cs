using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Xml.Linq;
using Overlay.Bench.Results;
using static Overlay.Bench.Reports.Page.Markup;

namespace Overlay.Bench.Reports.Page;

/// <summary>One bar and what is written above it.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Parts">One after the other, from the left.</param>
/// <param name="Whole">Median and range of all parts together, in the parts' unit.</param>
/// <param name="Label">The same in words.</param>
internal sealed record ChartRow(string Name, IReadOnlyList<ChartPart> Parts, Spread Whole, string Label);

/// <summary>One part of a bar.</summary>
/// <param name="Style">Its class, which is its colour.</param>
/// <param name="Value">Its length; not below 0.</param>
/// <param name="Key">Written on it where there is room: one character, as in the legend; empty for nothing.</param>
internal sealed record ChartPart(string Style, double Value, string Key = "");

/// <summary>
/// Bars, one below the other, each with its name above it, so that no name is too long. All lengths across are shares
/// of the width: a narrow screen gets narrow bars, and text as large as ever.
/// </summary>
internal static class RowChart
{
    /// <summary>
    /// Columns of text, of a fixed width, that fit the narrowest phone; a name and its figure share a line if they fit
    /// in it.
    /// </summary>
    internal const int Columns = 44;

    private const int TextLine = 15;
    private const int Bar = 12;
    private const int Gap = 11;
    private const int AxisHeight = 20;
    private const double Cap = 3.5;

    // A key needs so much of the narrowest drawing.
    private const double NarrowestWithKey = 0.045;

    /// <summary>Draws it.</summary>
    /// <param name="id">Of the drawing, unlike any other on the page.</param>
    /// <param name="title">What it shows, with its unit.</param>
    /// <param name="rows">At least one.</param>
    /// <param name="scale">From 0 to beyond the longest.</param>
    internal static XElement Draw(string id, string title, IReadOnlyList<ChartRow> rows, Scale scale)
    {
        List<XElement> drawn = [];
        double y = 0;
        foreach (ChartRow row in rows)
        {
            drawn.Add(Row(row, scale, ref y));
        }

        return Html(
            "figure",
            Html("figcaption", title),
            Svg(
                "svg",
                Is("class", "chart rows"),
                Is("id", id),
                Is("role", "img"),
                Is("aria-labelledby", $"{id}-title {id}-desc"),
                Is("width", "100%"),
                At("height", y + AxisHeight),
                Svg("title", Is("id", $"{id}-title"), title),
                Svg("desc", Is("id", $"{id}-desc"), string.Join("; ", rows.Select(row => $"{row.Name} {row.Label}"))),
                Svg("g", Is("class", "axis"), scale.Ticks.Select(tick => Tick(tick, scale, y))),
                drawn));
    }

    private static XElement Row(ChartRow row, Scale scale, ref double y)
    {
        string[] names = [.. Lines(row.Name)];
        bool shares = ColumnsOf(names[^1]) + row.Label.Length + 2 <= Columns;
        List<object> texts = [];
        foreach (string name in names)
        {
            y += TextLine;
            texts.Add(Svg("text", Is("class", "name"), At("x", 0), At("y", y - 4), name));
        }

        if (!shares)
        {
            y += TextLine;
        }

        texts.Add(
            Svg("text", Is("class", "value"), Share("x", 1), At("y", y - 4), Is("text-anchor", "end"), row.Label));
        List<object> parts = [.. Parts(row, scale, y)];

        // Below a bar with parts, so that it lies over none of their keys.
        IEnumerable<object> whisker = Whisker(row.Whole, scale, y + (row.Parts.Count > 1 ? Bar + Cap : Bar / 2.0));
        y += Bar + Gap;
        return Svg("g", Is("class", "row"), Svg("title", $"{row.Name}: {row.Label}"), texts, parts, whisker);
    }

    private static IEnumerable<object> Parts(ChartRow row, Scale scale, double y)
    {
        double from = 0;
        foreach (ChartPart part in row.Parts.Where(part => part.Value > 0))
        {
            double start = scale.Of(from);
            from += part.Value;
            double width = scale.Of(from) - start;
            yield return Svg(
                "rect", Is("class", $"part {part.Style}"), Share("x", start), At("y", y), Share("width", width),
                At("height", Bar));
            if (width >= NarrowestWithKey && part.Key.Length > 0)
            {
                yield return Svg(
                    "text", Is("class", $"key {part.Style}"), Share(
                        "x", start + width / 2), At("y", y + Bar - 2.5), Is("text-anchor", "middle"), part.Key);
            }
        }
    }

    private static IEnumerable<object> Whisker(Spread whole, Scale scale, double y)
    {
        double least = scale.Of(whole.Minimum);
        double greatest = scale.Of(whole.Maximum);
        foreach (string style in (string[])["halo", "whisker"])
        {
            yield return Line(style, least, y, greatest, y);
            yield return Line(style, least, y - Cap, least, y + Cap);
            yield return Line(style, greatest, y - Cap, greatest, y + Cap);
        }
    }

    private static XElement Line(string style, double x1, double y1, double x2, double y2) =>
        Svg("line", Is("class", style), Share("x1", x1), At("y1", y1), Share("x2", x2), At("y2", y2));

    private static XElement Tick(double tick, Scale scale, double bottom)
    {
        double x = scale.Of(tick);
        string anchor = x <= 0 ? "start" : x >= 1 ? "end" : "middle";
        return Svg(
            "g",
            Svg("line", Share("x1", x), At("y1", 0), Share("x2", x), At("y2", bottom)),
            Svg("text", Share("x", x), At("y", bottom + 13), Is("text-anchor", anchor), Scale.Text(tick)));
    }

    // Of a name that is too long for the narrowest phone, which another has given.
    private static IEnumerable<string> Lines(string name)
    {
        StringBuilder line = new();
        int columns = 0;
        foreach (Rune rune in Printable(name).EnumerateRunes())
        {
            if (columns + ColumnsOf(rune) > Columns)
            {
                yield return line.ToString();
                line.Clear();
                columns = 0;
            }

            line.Append(rune.ToString());
            columns += ColumnsOf(rune);
        }

        yield return line.ToString();
    }

    private static int ColumnsOf(string text) => text.EnumerateRunes().Sum(ColumnsOf);

    // Hangul is the first script whose letters are wide; above it, more are than are not.
    private static int ColumnsOf(Rune rune) => rune.Value >= 0x1100 ? 2 : 1;
}
