using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;
using Overlay.Bench.Results;
using static Overlay.Bench.Reports.Page.Markup;

namespace Overlay.Bench.Reports.Page;

/// <summary>One curve.</summary>
/// <param name="Number">Of the variant on the page, from 1: what its end is labelled with.</param>
/// <param name="Name">Of the variant.</param>
/// <param name="Points">One for each place on the axis across; every median above 0.</param>
internal sealed record Curve(int Number, string Name, IReadOnlyList<Spread> Points);

/// <summary>
/// Curves over a few named places, on a logarithmic scale. Each has a colour, a dash, a mark and, at its end, its
/// number, so that none of them is needed to tell it from the others.
/// </summary>
internal static class CurveChart
{
    private const int Colours = 7;
    private const int Marks = 5;
    private const double Top = 16;
    private const double LeastHeight = 300;
    private const double BetweenLabels = 13;
    private const double AxisHeight = 22;

    // Shares of the width: tick labels to the left of the first place, numbers of the curves to the right of the last.
    private const double First = 0.2;
    private const double Last = 0.85;
    private const double Label = 0.93;

    // Curves stand beside each other at a place, within so much of the width, so that whiskers are not drawn over each
    // other.
    private const double Spreading = 0.05;

    /// <summary>Draws it.</summary>
    /// <param name="id">Of the drawing, unlike any other on the page.</param>
    /// <param name="title">What it shows, with its unit.</param>
    /// <param name="places">On the axis across.</param>
    /// <param name="curves">At least one.</param>
    /// <param name="scale">Of the axis up.</param>
    internal static XElement Draw(
        string id, string title, IReadOnlyList<string> places, IReadOnlyList<Curve> curves, Scale scale)
    {
        double height = Math.Max(LeastHeight, curves.Count * (BetweenLabels + 1));
        double Y(double value) => Top + (1 - scale.Of(value)) * height;
        double[] labels = Spaced([.. curves.Select(curve => Y(curve.Points[^1].Median))], Top, Top + height);
        double bottom = Top + height;
        return Html(
            "figure",
            Html("figcaption", title),
            Svg(
                "svg",
                Is("class", "chart curves"),
                Is("id", id),
                Is("role", "img"),
                Is("aria-labelledby", $"{id}-title {id}-desc"),
                Is("width", "100%"),
                At("height", bottom + AxisHeight),
                Svg("title", Is("id", $"{id}-title"), title),
                Svg("desc", Is("id", $"{id}-desc"), string.Join("; ", curves.Select(curve => Words(curve, places)))),
                Svg("g", Is("class", "axis"), scale.Ticks.Select(tick => Tick(tick, Y(tick)))),
                Svg("g", Is("class", "axis"), places.Select((place, index) => Svg(
                    "text", Share(
                        "x", Across(index, places.Count)), At("y", bottom + 15), Is("text-anchor", "middle"), place))),
                curves.Select((curve, index) => Drawn(curve, index, curves.Count, Y, labels[index]))));
    }

    /// <summary>What each curve's line and mark look like, with its number and name.</summary>
    internal static XElement Legend(IReadOnlyList<Curve> curves) => Html(
        "ul",
        Is("class", "legend"),
        curves.Select(curve => Html(
            "li",
            Svg(
                "svg",
                Is("class", "swatch"),
                Is("width", "30"),
                Is("height", "12"),
                Is("aria-hidden", "true"),
                Svg("line", Is("class", $"curve {Style(curve)}"), At("x1", 1), At("y1", 6), At("x2", 29), At("y2", 6)),
                Mark(curve, At("x", 15), At("y", 6))),
            $" {curve.Number} ",
            Html("code", curve.Name))));

    /// <summary>The marks that curves refer to; once on a page.</summary>
    internal static XElement Definitions() => Svg(
        "svg",
        Is("width", "0"),
        Is("height", "0"),
        Is("class", "hidden"),
        Is("aria-hidden", "true"),
        Svg(
            "defs",
            ((string[])["M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 "
                + "-7,0z", "M-3,-3h6v6h-6z", "M0,-4.5L4,3h-8z", "M0,-4.5L4.5,0L0,4.5L-4.5,0z", "M0,4.5L4,-3h-8z"])
            .Select((path, index) => Svg("path", Is("id", $"mark{index}"), Is("d", path)))));

    private static XElement Drawn(Curve curve, int index, int count, Func<double, double> y, double label)
    {
        double aside = count == 1 ? 0 : (index / (count - 1.0) - 0.5) * Spreading;
        (double X, Spread Point)[] points = [.. curve.Points.Select(
            (point, place) => (Across(place, curve.Points.Count) + aside, point))];
        double end = y(points[^1].Point.Median);
        return Svg(
            "g",
            Is("class", "curve-of"),
            Svg("title", curve.Name),
            points.Select(
                point => Line("range", curve, point.X, y(point.Point.Minimum), point.X, y(point.Point.Maximum))),
            points.Zip(points.Skip(1), (one, next) => Line(
                "curve", curve, one.X, y(one.Point.Median), next.X, y(next.Point.Median))),
            Line("leader", curve, points[^1].X, end, Label - 0.01, label),
            points.Select(point => Mark(curve, Share("x", point.X), At("y", y(point.Point.Median)))),
            Svg("text", Is("class", "number"), Share("x", Label), At("y", label + 4), $"{curve.Number}"));
    }

    private static XElement Tick(double tick, double y) => Svg(
        "g",
        Svg("line", Share("x1", 0), At("y1", y), Share("x2", Label - 0.01), At("y2", y)),
        Svg("text", At("x", 0), At("y", y - 3), Scale.Text(tick)));

    private static XElement Line(string style, Curve curve, double x1, double y1, double x2, double y2) => Svg(
        "line", Is("class", $"{style} {Style(curve)}"), Share("x1", x1), At("y1", y1), Share("x2", x2), At("y2", y2));

    private static XElement Mark(Curve curve, XAttribute x, XAttribute y) =>
        Svg("use", Is("href", $"#mark{(curve.Number - 1) % Marks}"), Is("class", $"mark {Style(curve)}"), x, y);

    private static string Style(Curve curve) => $"c{(curve.Number - 1) % Colours} d{(curve.Number - 1) / Colours % 3}";

    private static double Across(int place, int places) =>
        places == 1 ? (First + Last) / 2 : First + (Last - First) * place / (places - 1);

    private static string Words(Curve curve, IReadOnlyList<string> places) =>
        $"{curve.Number} {curve.Name} "
            + string.Join(
                ", ",
                curve.Points.Select((point, place) => $"{places[place]} {FigureText.Unicode.Of(point)}"));

    // As near to where they belong as they can be with so much between them.
    private static double[] Spaced(double[] wanted, double top, double bottom)
    {
        int[] order = [.. Enumerable.Range(0, wanted.Length).OrderBy(index => wanted[index])];
        double[] placed = [.. wanted];
        double next = top;
        foreach (int index in order)
        {
            placed[index] = Math.Max(placed[index], next);
            next = placed[index] + BetweenLabels;
        }

        double last = bottom;
        foreach (int index in order.Reverse())
        {
            placed[index] = Math.Min(placed[index], last);
            last = placed[index] - BetweenLabels;
        }

        return placed;
    }
}
