using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Overlay.Capture.Text;

namespace Overlay.Diagnosis.Trace;

/// <summary>
/// A trace as one page that names nothing outside itself and runs no script: the way as a drawing, and beside it every
/// frame with all its fields.
/// </summary>
internal static class TracePage
{
    private const string Style = """
        :root { color-scheme: light dark; --fg: #1b1f24; --soft: #57606a; --bg: #fff; --line: #c4ccd4; --box: #f6f8fa;
          --request: #0a4f9e; --reply: #00694d; --drop: #b3261e; --node: #fff; }
        @media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --soft: #9aa5b1; --bg: #0d1117; --line: #3d444d;
          --box: #151b23; --request: #7ab3ff; --reply: #2fbf95; --drop: #ff7b72; --node: #0d1117; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--bg); color: var(--fg);
          font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1500px; margin: 0 auto; padding: 16px; }
        h1 { font-size: 24px; line-height: 1.3; margin: 8px 0; } h2 { font-size: 18px; margin: 18px 0 6px; }
        p, li, h1, summary { overflow-wrap: anywhere; }
        .both { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 24px; align-items: start; }
        @media (max-width: 1100px) { .both { grid-template-columns: minmax(0, 1fr); } }
        figure { margin: 0; position: sticky; top: 8px; } @media (max-width: 1100px) { figure { position: static; } }
        svg { display: block; width: 100%; height: auto; }
        .host { fill: var(--box); stroke: var(--line); } .away { stroke-dasharray: 6 4; }
        .node { fill: var(--node); stroke: var(--soft); } .unseen { stroke-dasharray: 4 3; stroke: var(--line); }
        .node.drop { stroke: var(--drop); stroke-width: 2; }
        line { stroke: var(--soft); stroke-width: 1.5; }
        text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
          fill: var(--fg); white-space: pre; }
        text.name, text.kind { font-weight: 700; font-family: system-ui, "DejaVu Sans", sans-serif; }
        text.request { fill: var(--request); } text.reply { fill: var(--reply); } text.soft { fill: var(--soft); }
        details { border: 1px solid var(--line); border-radius: 6px; margin: 6px 0; background: var(--box); }
        summary { cursor: pointer; padding: 6px 10px; } details:target { outline: 2px solid var(--request); }
        .Request { color: var(--request); } .Reply { color: var(--reply); } .Error, .no { color: var(--drop); }
        pre { margin: 0; padding: 8px 12px; overflow-x: auto; border-top: 1px solid var(--line); font: 12.5px/1.45
          ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .note { padding: 0 12px 6px; margin: 0; color: var(--drop); } code { font-size: 0.92em; }
        """;

    /// <summary>All of it.</summary>
    internal static string Of(TraceReport report)
    {
        TraceConclusion end = report.Conclusion;
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<link rel=\"icon\" href=\"data:,\">\n")
            .Append($"<title>{PageText.Line($"overlay trace {report.To}")}</title>\n<style>\n{Style}\n</style>\n")
            .Append("</head>\n<body>\n<main>\n")
            .Append($"<h1>{PageText.Line($"One ping to {report.To} from {report.Source}")}</h1>\n")
            .Append($"<p id=\"meaning\" class=\"{(end.IsAnswered ? "yes" : "no")}\">")
            .Append($"{(end.IsAnswered ? "✓" : "✗")} {PageText.Line(end.Meaning)}</p>\n");
        AppendList(page, end.Commands.Select(command => $"tells more: {command}"));
        if (TraceText.Sizes(report.Tour) is { } sizes)
        {
            page.Append($"<p><code>{PageText.Line(sizes)}</code></p>\n");
        }

        AppendList(page, report.Notes);
        page.Append("<div class=\"both\">\n<figure>\n").Append(new TraceDiagram(report).Draw())
            .Append("</figure>\n<div>\n");
        foreach (TraceWay way in Enum.GetValues<TraceWay>())
        {
            if (report.Tour.Of(way).ToArray() is { Length: > 0 } stops)
            {
                page.Append($"<h2 class=\"{way}\">{way}</h2>\n");
                Array.ForEach(stops, stop => AppendStop(page, stop));
            }
        }

        return page.Append("</div>\n</div>\n</main>\n</body>\n</html>\n").ToString();
    }

    private static void AppendStop(StringBuilder page, TraceStop stop)
    {
        // As flannel's own pages show them: the datagram that carries the packet.
        bool isOpen = stop.Seen.Point is { Kind: StopKind.Underlay, IsOwnHost: true };
        page.Append($"<details id=\"stop-{stop.Number}\"{(isOpen ? " open" : "")}>\n<summary>")
            .Append(PageText.Line(
                $"{stop.Number}  {stop.Seen.Point}: {stop.Seen.WireLength} B, ttl {TraceText.TimeToLive(stop)}"
                    + (stop.Number == 1 ? "" : $", {PageText.Since(stop)}")
                    + (stop.Packet.Link.IsEthernet ? $", {TraceText.Addresses(stop.Packet.Link)}" : "")))
            .Append("</summary>\n");
        foreach (string? line in (string?[])[.. stop.Notes, CarrierOfDaemon(stop)])
        {
            page.Append(line is null ? "" : $"<p class=\"note\">{PageText.Line(line)}</p>\n");
        }

        var tree = new StringBuilder();
        PacketTree.Append(tree, stop.Packet, TraceJson.ContextOf(stop));
        page.Append($"<pre>{PageText.Lines(tree.ToString())}</pre>\n</details>\n");
    }

    private static string? CarrierOfDaemon(TraceStop stop) =>
        stop.Seen.Point.Kind == StopKind.Daemon ? TraceText.Carrier(stop) : null;

    private static void AppendList(StringBuilder page, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        if (all.Length > 0)
        {
            page.Append("<ul>\n").AppendJoin("", all.Select(line => $"<li>{PageText.Line(line)}</li>\n"))
                .Append("</ul>\n");
        }
    }
}
