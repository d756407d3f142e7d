using System;
using System.Linq;
using System.Text;
using System.Xml.Linq;
using Overlay.Bench.Results;
using static Overlay.Bench.Reports.Page.Markup;

namespace Overlay.Bench.Reports.Page;

/// <summary>A report as one page that needs nothing else: no network, no script. It is well-formed XML too.</summary>
internal static class BenchHtml
{
    private const string Title = "What user-space encapsulation costs";

    /// <summary>The file's text.</summary>
    internal static string Write(BenchReport report)
    {
        XElement page = Html(
            "html",
            Is("lang", "en"),
            Html(
                "head",
                Html("meta", Is("charset", "utf-8")),
                Html("meta", Is("name", "viewport"), Is("content", "width=device-width, initial-scale=1")),
                Html("title", Title),
                new XElement("style", PageStyle.Read())),
            Html("body", Body(report)));
        return $"<!DOCTYPE html>\n{page.ToString(SaveOptions.DisableFormatting)}\n";
    }

    private static XElement Body(BenchReport report)
    {
        CopySections copies = new(report);
        FlowSections flows = new(report);
        XElement[] sections =
        [
            Header(report), Headline(report), copies.Claim(), copies.Ladder(), flows.Throughput(), flows.Packets(),
            flows.Latency(), flows.Cpu(), flows.Memory(), Variants(report), Method(report),
        ];
        return Html("main", sections.Select(section => (object[])[new XText("\n"), section]));
    }

    private static XElement Header(BenchReport report) => Html(
        "header",
        Html("h1", Title),
        Html(
            "p",
            Is("class", "soft"),
            $"overlay bench, {report.Environment.Timestamp}: {report.Variants.Count} "
                + $"{(report.Variants.Count == 1 ? "way" : "ways")} from pod to pod on "
                + $"{report.Environment.CpuModel}, {report.Environment.Kernel}. Every figure is the median of "
                + $"{report.Method.Rounds} rounds, "
                + "with the least and the greatest in brackets."),
        Html("ul", Is("class", "notes"), ReportNotes.Warnings(report).Select(warning => Html("li", warning))));

    private static XElement Headline(BenchReport report) => FlowSections.Section(
        "headline",
        "In short",
        Table("In short", BenchMarkdown.Headings, report.Variants.Select(
            variant => BenchMarkdown.Cells(report, variant))));

    private static XElement Variants(BenchReport report) => FlowSections.Section(
        "variants",
        "The variants",
        Html(
            "dl",
            report.Variants.Select((variant, index) => (object[])
            [
                Html("dt", $"{index + 1}"),
                Html("dd", Html(
                    "code", variant.Name), $" — {variant.Description.TrimEnd('.')}. Pods' MTU {variant.Mtu}."),
            ])));

    private static XElement Method(BenchReport report) => FlowSections.Section(
        "method",
        "Where and how it was measured",
        Html("dl", ReportNotes.Environment(report)
            .Select(note => (object[])[Html("dt", note.Name), Html("dd", note.Value)])),
        Html(
            "p",
            Html(
                "a",
                Is("download", "overlay-bench.json"),
                Is(
                    "href",
                    "data:application/json;base64,"
                        + Convert.ToBase64String(Encoding.UTF8.GetBytes(BenchJson.Write(report)))),
                "All samples as JSON"),
            ", which ", Html("code", "overlay bench diff"), " compares with another run's."));
}
