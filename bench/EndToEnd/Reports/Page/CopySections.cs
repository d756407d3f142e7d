using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;
using Overlay.Bench.Results;
using static Overlay.Bench.Reports.Page.FlowSections;
using static Overlay.Bench.Reports.Page.Markup;

namespace Overlay.Bench.Reports.Page;

/// <summary>
/// The page's sections on copies: what is claimed of them, what was counted, and where a packet's time goes.
/// </summary>
internal sealed class CopySections
{
    // The claim is of whole copies; a header of ours and a virtio header come on top of each packet's bytes.
    private const double NearEnough = 0.2;

    // Of the longest bar. In a shorter one the parts can hardly be seen.
    private const double ShortShare = 0.2;

    private const string Uncounted = "not counted";

    // Of the applications themselves, whatever carries their packets: send(2) and recv(2).
    private const string Applications = "1";

    private static readonly string[] s_headings =
    [
        "variant",
        "claimed, sending host",
        "counted, sending host",
        "application's own send",
        "TUN read: kernel → tunnel",
        "UDP send: tunnel → kernel",
        "counted, receiving host",
        "UDP receive: kernel → tunnel",
        "TUN write: tunnel → kernel",
        "application's own receive",
        "in user space, out",
        "in user space, in",
        "system calls a packet",
    ];

    private static readonly string[] s_order = [
        "tun_read", "encapsulate", "udp_send", "udp_receive", "decapsulate", "tun_write", "wait", "signal"];

    private static readonly Dictionary<string, string> s_words = new()
    {
        ["tun_read"] = "TUN read",
        ["encapsulate"] = "encapsulate",
        ["udp_send"] = "UDP send",
        ["udp_receive"] = "UDP receive",
        ["decapsulate"] = "decapsulate",
        ["tun_write"] = "TUN write",
        ["wait"] = "wait",
        ["signal"] = "signal",
    };

    private readonly BenchReport _report;
    private readonly FigureText _text = FigureText.Unicode;
    private readonly string[] _workloads;

    internal CopySections(BenchReport report)
    {
        _report = report;
        _workloads = [.. report.Variants.SelectMany(
            variant => variant.Counts).Select(counted => counted.Workload).Distinct()];
    }

    /// <summary>The claim beside the counts, and what a copy costs.</summary>
    internal XElement Claim() => Section(
        "claim",
        "Three copies? Claimed and counted",
        Html("p", "It is often said of user-space encapsulation:"),
        Html("blockquote", CopyClaim.Text),
        Html(
            "p",
            "On the host that sends, that is application to kernel, kernel to tunnel program, and tunnel program to "
                + "kernel. The first of them is the "
                + "application's own send, which the direct way has as well. Below is how often each byte is copied: "
                + "the applications' own send and receive are "
                + "one each by their nature and were not counted; all else was counted while packets flowed, on both "
                + "hosts."),
        Html("ul", Findings().Concat(CopyClaim.CostOfACopy(_report, _text)).Select(sentence => Html("li", sentence))),
        _workloads.Length == 0
            ? Html("p", "No variant was counted, so there is no table of it.")
            : _workloads.Select((workload, index) => index == 0
                ? Html("div", Html("h3", WorkloadOf(workload)), Counted(workload))
                : Folded(WorkloadOf(workload), Counted(workload))));

    /// <summary>Time and crossings of a packet, stage by stage.</summary>
    internal XElement Ladder()
    {
        string[] uncounted = [.. _report.Variants.Where(variant => variant.Counts.Count == 0)
            .Select(variant => variant.Name)];
        return Section(
            "ladder",
            "The copy ladder",
            Html(
                "p",
                Is("class", "soft"),
                "What becomes of one inner packet, from the TUN read on one host to the TUN write on the other, in "
                    + "the daemons: elapsed time by stage, and "
                    + "crossings, which are system calls: each goes into the kernel and back. Where a superpacket or "
                    + "a batch goes at once, a packet has a "
                    + "share of one call. "
                    + "The parts are medians of their own; the figure and the whisker are those of their sums, round "
                    + "by round."),
            uncounted.Length == 0 ? null : Html(
                "p", "Left out, because no metered daemon of ours carries their packets: "
                    + $"{string.Join(", ", uncounted)}."),
            _workloads.Length == 0
                ? Html("p", "No variant was counted, so there is no chart of it.")
                : _workloads.Select(workload => (object)Workload(workload)));
    }

    private XElement Counted(string workload) => Table(
        $"Copies claimed and counted, {WorkloadOf(workload)}", s_headings, _report.Variants.Select(
            variant => Cells(variant, workload)), "dense");

    private XElement Workload(string workload)
    {
        (string Name, CountedWorkload Counted)[] counted =
        [
            .. from variant in _report.Variants
            from one in variant.Counts
            where one.Workload == workload
            select (variant.Name, one),
        ];
        return Html(
            "div",
            Html("h3", WorkloadOf(workload)),
            Html(
                "div",
                Is("class", "panels two"),
                Panel(
                    $"ladder-{workload}",
                    "Cost of a packet by stage, ns",
                    from one in counted
                    let stages = one.Counted.Stages
                    select (one.Name, stages.ToDictionary(stage => stage.Stage, stage => stage.NanosecondsPerPacket))),
                Panel(
                    $"crossings-{workload}",
                    "Crossings of a packet by system call",
                    from one in counted
                    let calls = one.Counted.SystemCallsPerPacket
                    select (one.Name, calls.ToDictionary(call => call.Key, call => call.Value)))));
    }

    private XElement Panel(
        string id, string title, IEnumerable<(string Name, Dictionary<string, Spread> Parts)> variants)
    {
        (string Name, Dictionary<string, Spread> Parts)[] measured = [.. variants.Where(
            variant => variant.Parts.Count > 0)];
        if (measured.Length == 0)
        {
            return Html("p", $"{title}: not counted, so there is no chart of it.");
        }

        string[] parts = [.. measured.SelectMany(
            variant => variant.Parts.Keys).Distinct().OrderBy(NumberOf).ThenBy(part => part, StringComparer.Ordinal)];
        ChartRow[] rows = [.. measured.Select(variant => Row(variant.Name, variant.Parts, parts))];
        double longest = rows.Max(Longest);
        ChartRow[] shorter = [.. rows.Where(
            row => Longest(row) is var length && length > 0 && length < longest * ShortShare)];
        return Html(
            "div",
            RowChart.Draw(id, title, rows, Scale.Linear(longest)),
            Keys(parts.Select(part => (NumberOf(part), WordOf(part)))),
            shorter.Length == 0
                ? null
                : RowChart.Draw($"{id}-shorter", $"{title}: the shortest, on their own scale", shorter, Scale.Linear(
                    shorter.Max(Longest))));
    }

    private ChartRow Row(string name, Dictionary<string, Spread> spreads, string[] parts)
    {
        Spread whole = FigureText.Sum(spreads.Values)
            ?? throw new BenchException($"{name} was counted, and nothing came of it");
        return new ChartRow(
            name,
            [
                .. parts.Select(
                    part => Part(NumberOf(part), spreads.TryGetValue(part, out Spread? spread) ? spread.Median : 0)),
            ],
            whole,
            _text.Of(whole));
    }

    private IEnumerable<string> Cells(VariantReport variant, string workload)
    {
        if (variant.Counts.FirstOrDefault(one => one.Workload == workload) is { } counted)
        {
            string Copies(string crossing) => Or(counted.KernelCopiesPerByte.GetValueOrDefault(crossing));
            return
            [
                variant.Name, Claimed,
                Or(CopyClaim.OnSendingHost(counted)), Applications, Copies("tun_read"), Copies("udp_send"),
                Or(CopyClaim.OnReceivingHost(counted)), Copies("udp_receive"), Copies("tun_write"), Applications,
                Or(counted.UserCopiesPerByte.GetValueOrDefault("outbound")),
                Or(counted.UserCopiesPerByte.GetValueOrDefault("inbound")),
                Or(CountedSums.SystemCalls(counted)),
            ];
        }

        // The kernel has no tunnel program to copy to: none by its nature, as the application's own one is.
        bool isKernel = variant.Kind == VariantKind.Kernel;
        string between = isKernel ? "0" : Uncounted;
        string all = isKernel ? Applications : Uncounted;
        return
        [
            variant.Name, isKernel || variant.Kind == VariantKind.Backend ? "–" : Claimed,
            all, Applications, between, between,
            all, between, between,
            Applications, between, between, between,
        ];
    }

    private IEnumerable<string> Findings()
    {
        (string Name, CountedWorkload Counted, Spread Copies)[] counted =
        [
            .. from variant in _report.Variants
            let workload = CountedSums.OneStream(variant) ?? (variant.Counts is [var first, ..] ? first : null)
            where workload is not null
            let copies = CopyClaim.OnSendingHost(workload)
            where copies is not null
            select (variant.Name, workload, copies),
        ];
        if (counted.Length == 0)
        {
            yield break;
        }

        string[] differ =
        [
            .. counted.Where(one => Math.Abs(one.Copies.Median - CopyClaim.Copies) > NearEnough)
            .Select(one => $"{one.Name} ({_text.Of(one.Copies)})"),
        ];
        yield return differ.Length == 0
            ? $"Counted on the sending host: what is claimed, three copies, by every engine counted "
                + $"(to within {NearEnough}: a superpacket's headers are copied once). One of the three is the "
                + "application's own."
            : $"Counted on the sending host, and not the three that are claimed: {string.Join(", ", differ)}.";
        double[] receiving = [.. counted.Select(one => CopyClaim.OnReceivingHost(one.Counted)?.Median)
            .OfType<double>()];
        if (receiving.Length > 0)
        {
            string[] ends = [FigureText.Number(receiving.Min()), FigureText.Number(receiving.Max())];
            yield return "Counted on the receiving host, of which the claim says nothing: "
                + $"{string.Join(" to ", ends.Distinct())}.";
        }

        string[] copying = [.. counted.Where(one => CountedSums.UserCopies(one.Counted) is { Median: > 0 })
            .Select(one => one.Name)];
        yield return copying.Length == 0
            ? "None of them copies a byte within user space."
            : $"A copy within user space besides: {string.Join(", ", copying)}.";
    }

    private static string Claimed => CopyClaim.Copies.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private string Or(Spread? spread) => spread is null ? Uncounted : _text.Of(spread);

    private static string WordOf(string part) => s_words.GetValueOrDefault(part, part);

    // In a packet's order, the same in every chart; what nobody has named yet comes last.
    private static int NumberOf(string part) =>
        Array.IndexOf(s_order, part) is var place and >= 0 ? place + 1 : s_order.Length + 1;

    private static string WorkloadOf(string workload) => workload switch
    {
        "tcp_1" => "One TCP stream",
        "udp_64" => "UDP datagrams of 64 bytes",
        _ => workload,
    };
}
