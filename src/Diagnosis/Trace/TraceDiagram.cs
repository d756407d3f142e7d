using System;
using System.Linq;
using System.Text;

namespace Overlay.Diagnosis.Trace;

/// <summary>
/// The way of a ping as a drawing: a box for each host, in it its stops from the pod down to the wire, with what the
/// request and the reply were there.
/// </summary>
/// <param name="report">The trace.</param>
internal sealed class TraceDiagram(TraceReport report)
{
    private const double Width = 780;
    private const double HostWidth = 384;
    private const double HostTop = 8;
    private const double HeadHeight = 34;
    private const double RowHeight = 62;
    private const double NodeLeft = 14;
    private const double NodeWidth = 120;
    private const double NodeHeight = 42;
    private const double TextLeft = NodeLeft + NodeWidth + 10;
    private const double WireHeight = 46;

    private readonly StringBuilder _svg = new();

    /// <summary>An element svg.</summary>
    internal string Draw()
    {
        TracePoint[] own = [.. report.Tour.Points.Where(point => point.IsOwnHost)];
        TracePoint[] other = [.. report.Tour.Points.Where(point => !point.IsOwnHost).Reverse()];
        int rows = Math.Max(Math.Max(own.Length, other.Length), 1);
        double bottom = HostTop + HeadHeight + (rows * RowHeight) + 8;
        _svg.Append(
            $"<svg id=\"way\" viewBox=\"0 0 {PageText.Pixels(Width)} {PageText.Pixels(bottom + WireHeight)}\" "
                + "role=\"img\" aria-label=\"the way of the ping\">\n");
        DrawHost(own, 0, report.Host, rows, bottom, isSeen: true);
        DrawHost(
            other, Width - HostWidth, report.OtherHost?.ToString() ?? "the other host", rows, bottom,
            report.IsOtherSeen);
        DrawWire(bottom);
        return _svg.Append("</svg>\n").ToString();
    }

    private void DrawHost(
        TracePoint[] points, double left, string name, int rows, double bottom, bool isSeen)
    {
        string style = isSeen ? "host" : "host away";
        _svg.Append(
            $"<rect class=\"{style}\" x=\"{PageText.Pixels(left + 2)}\" y=\"{PageText.Pixels(HostTop)}\" rx=\"8\" "
                + $"width=\"{PageText.Pixels(HostWidth - 4)}\" height=\"{PageText.Pixels(bottom - HostTop)}\"/>\n");
        Text(left + NodeLeft, HostTop + 23, "name", name);
        if (!isSeen)
        {
            Text(left + NodeLeft, HostTop + HeadHeight + 26, "soft", "its stops cannot be seen from here");
        }

        // The wire is at the bottom of both.
        double top = HostTop + HeadHeight + ((rows - points.Length) * RowHeight);
        for (int i = 0; i < points.Length; i++)
        {
            double y = top + (i * RowHeight);
            double middle = left + NodeLeft + (NodeWidth / 2);
            if (i + 1 < points.Length)
            {
                Line(middle, y + NodeHeight, middle, y + RowHeight);
            }

            DrawPoint(points[i], left, y);
        }
    }

    private void DrawPoint(TracePoint point, double left, double top)
    {
        TraceStop? request = report.Tour.Of(TraceWay.Request).FirstOrDefault(stop => stop.Seen.Point == point);
        TraceStop? reply = report.Tour.Of(TraceWay.Reply).FirstOrDefault(stop => stop.Seen.Point == point);
        TraceStop? either = request ?? reply;
        string style = either is null ? "unseen" : either.Seen.Drop is not null ? "drop" : "seen";
        Open(either);
        _svg.Append(
            $"<rect class=\"node {style}\" x=\"{PageText.Pixels(left + NodeLeft)}\" y=\"{PageText.Pixels(top)}\" "
                + $"width=\"{PageText.Pixels(NodeWidth)}\" height=\"{PageText.Pixels(NodeHeight)}\" rx=\"5\"/>\n");
        Text(left + NodeLeft + 8, top + 17, "kind", TraceText.Word(point.Kind));
        Text(left + NodeLeft + 8, top + 34, "device", point.Device);
        Close(either);
        DrawPacket(request, left, top + 17, "request", "→");
        DrawPacket(reply, left, top + 34, "reply", "←");
    }

    private void DrawPacket(TraceStop? stop, double left, double top, string style, string arrow)
    {
        Open(stop);
        Text(
            left + TextLeft, top, stop is null ? "soft" : style,
            stop is null
                ? $"{arrow} not seen"
                : $"{arrow} {stop.Number}  {stop.Seen.WireLength} B  ttl {TraceText.TimeToLive(stop)}  "
                    + $"{PageText.Since(stop)}");
        Close(stop);
    }

    private void DrawWire(double bottom)
    {
        double left = NodeLeft + (NodeWidth / 2);
        double right = Width - HostWidth + left;
        double y = bottom + 18;
        Line(left, bottom - 20, left, y);
        Line(left, y, right, y);
        Line(right, bottom - 20, right, y);
        string? carrier = report.Tour.Stops
            .Where(stop => stop.Seen is { Point.Kind: StopKind.Underlay, Way: TraceWay.Request })
            .Select(TraceText.Carrier).FirstOrDefault();
        Text(left + 10, y + 18, "soft", carrier ?? "the underlay");
    }

    private void Open(TraceStop? stop)
    {
        if (stop is not null)
        {
            _svg.Append($"<a href=\"#stop-{stop.Number}\">");
        }
    }

    private void Close(TraceStop? stop) => _svg.Append(stop is null ? "" : "</a>\n");

    private void Line(double fromX, double fromY, double toX, double toY) => _svg.Append(
        $"<line x1=\"{PageText.Pixels(fromX)}\" y1=\"{PageText.Pixels(fromY)}\" x2=\"{PageText.Pixels(toX)}\" "
            + $"y2=\"{PageText.Pixels(toY)}\"/>\n");

    private void Text(double x, double y, string style, string text) => _svg.Append(
        $"<text class=\"{style}\" x=\"{PageText.Pixels(x)}\" y=\"{PageText.Pixels(y)}\">"
            + $"{PageText.Line(text)}</text>\n");
}
