using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Overlay.Bench.Reports;
using Overlay.Bench.Reports.Page;
using Overlay.Bench.Results;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchHtmlTests
{
    private static readonly string[] s_lengths =
        ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"];

    public static TheoryData<string> Reports => ["fifteen", "three", "one", "zeros", "negative", "bare", "hostile"];

    [Theory]
    [MemberData(nameof(Reports))]
    public void A_page_is_well_formed_and_needs_nothing_from_anywhere(string name)
    {
        string html = BenchHtml.Write(Named(name));
        XElement page = Parsed(html);

        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", html, StringComparison.Ordinal);
        Assert.DoesNotContain(
            page.Descendants(), element =>
                element.Name.LocalName is "script" or "link" or "img" or "iframe" or "object" or "embed" or "base");
        Assert.DoesNotContain(
            page.Descendants().Attributes(), attribute =>
                attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.All(
            page.Descendants().Attributes().Where(
                attribute => attribute.Name.LocalName is "src" or "href" or "srcset" or "data" or "action"),
            attribute =>
                Assert.Matches("^(#mark[0-4]|data:application/json;base64,[A-Za-z0-9+/=]+)$", attribute.Value));
        string style = page.Descendants("style").Single().Value;
        Assert.DoesNotMatch("@import|url\\(|https?:|expression", style);
        Assert.Empty(page.Descendants().Attributes("style"));
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void Every_length_in_a_drawing_is_a_number_and_none_is_negative(string name)
    {
        foreach (XAttribute attribute in Drawings(Named(name)).SelectMany(
            drawing => drawing.DescendantsAndSelf()).Attributes())
        {
            Assert.False(attribute.Value.Contains("NaN", StringComparison.Ordinal)
                || attribute.Value.Contains("Infinity", StringComparison.Ordinal), $"{attribute.Parent}");
            if (s_lengths.Contains(attribute.Name.LocalName))
            {
                double greatest = attribute.Value.EndsWith('%') ? 100 : 10_000;
                bool isNumber = double.TryParse(
                    attribute.Value.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                    out double value);
                Assert.True(isNumber && value >= 0 && value <= greatest, $"{attribute.Parent}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void No_two_elements_have_the_same_id_and_every_drawing_has_a_title_and_words_for_the_blind(string name)
    {
        XElement page = Parsed(BenchHtml.Write(Named(name)));

        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Distinct(), ids);
        foreach (XElement drawing in Drawings(page))
        {
            Assert.Equal("img", drawing.Attribute("role")!.Value);
            string[] labels = drawing.Attribute("aria-labelledby")!.Value.Split(' ');
            Assert.Equal(["title", "desc"], labels.Select(
                label => drawing.Elements().Single(element => element.Attribute("id")?.Value == label).Name.LocalName));
            Assert.All(drawing.Elements()
                .Where(element => element.Name.LocalName is "title" or "desc"), words => Assert.NotEmpty(words.Value));
        }
    }

    [Theory]
    [InlineData("fifteen")]
    [InlineData("three")]
    public void Every_chart_has_a_bar_or_a_curve_for_each_variant_that_has_its_figure(string name)
    {
        BenchReport report = Named(name);
        var drawings = Drawings(report).ToDictionary(drawing => drawing.Attribute("id")!.Value);
        int all = report.Variants.Count;
        int counted = report.Variants.Count(variant => variant.Counts.Count > 0);

        Dictionary<string, int> expected = new()
        {
            ["ladder-tcp_1"] = counted,
            ["crossings-tcp_1"] = counted,
            ["ladder-udp_64"] = counted,
            ["crossings-udp_64"] = counted,
            ["throughput-1"] = all,
            ["throughput-2"] = all,
            ["throughput-3"] = all,
            ["throughput-4"] = all,
            ["throughput-5"] = all,
            ["throughput-6"] = all,
            ["packets-1"] = all,
            ["packets-2"] = all,
            ["packets-3"] = all,
            ["latency-idle"] = all,
            ["latency-half"] = all,
            ["cpu-machine"] = all,
            ["cpu-daemons"] = counted,
        };
        if (name == "fifteen")
        {
            // Bars below a fifth of the longest are drawn once more, larger.
            (expected["ladder-tcp_1-shorter"], expected["crossings-tcp_1-shorter"], expected["ladder-udp_64-shorter"]) =
                (6, 8, 6);
        }

        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), drawings.Keys.Order(StringComparer.Ordinal));
        foreach ((string id, int bars) in expected)
        {
            XElement drawing = drawings[id];
            bool areCurves = id.StartsWith("latency", StringComparison.Ordinal);
            XElement[] rows = [.. Styled(drawing, areCurves ? "curve-of" : "row")];
            Assert.Equal(bars, rows.Length);
            Assert.All(rows, row => Assert.True(areCurves
                ? Styled(row, "mark").Count() == 4 && Styled(row, "range").Count() == 4
                : Styled(row, "part").Any() && Styled(row, "whisker").Count() == 3));
        }

        // Six stages, and wait and signal beside the four crossings, of which signal has none.
        Assert.All(Styled(drawings["ladder-tcp_1"], "row"), row => Assert.Equal(6, Styled(row, "part").Count()));
        Assert.All(Styled(drawings["crossings-tcp_1"], "row"), row => Assert.Equal(5, Styled(row, "part").Count()));
    }

    [Fact]
    public void A_bar_is_as_long_as_its_figure_and_its_whisker_goes_from_the_least_to_the_greatest()
    {
        XElement drawing = Drawings(Samples.Three).Single(drawing => drawing.Attribute("id")!.Value == "throughput-1");
        XElement direct = Styled(drawing, "row").First();
        XElement vxlan = Styled(drawing, "row").Skip(1).First();

        double Bar(XElement row) => Percent(Styled(row, "part").Single(), "width");
        Assert.Equal(24.9 / 41.2, Bar(vxlan) / Bar(direct), 3);
        XElement whisker = Styled(vxlan, "whisker").First();
        Assert.Equal(24.9 * 0.97 / 41.2, Percent(whisker, "x1") / Bar(direct), 3);
        Assert.Equal(24.9 * 1.03 / 41.2, Percent(whisker, "x2") / Bar(direct), 3);
    }

    [Fact]
    public void The_stages_of_the_ladder_follow_each_other_from_the_tun_read_to_the_tun_write()
    {
        XElement drawing = Drawings(Samples.Three).Single(drawing => drawing.Attribute("id")!.Value == "ladder-tcp_1");
        XElement[] parts = [.. Styled(Styled(drawing, "row").Single(), "part")];

        Assert.Equal(["part s1", "part s2", "part s3", "part s4", "part s5", "part s6"], parts.Select(
            part => part.Attribute("class")!.Value));
        Assert.All(parts.Zip(parts.Skip(1)), pair =>
            Assert.Equal(Percent(pair.First, "x") + Percent(pair.First, "width"), Percent(pair.Second, "x"), 2));
        Assert.Equal(90.0 / 28, Percent(parts[2], "width") / Percent(parts[0], "width"), 2);
        Assert.Equal(
            ["TUN read", "encapsulate", "UDP send", "UDP receive", "decapsulate", "TUN write"],
            drawing.Parent!.Parent!.Elements("ul").Single().Elements("li").Select(
                key => Regex.Replace(key.Value, "^[0-9]", "")));
    }

    [Fact]
    public void The_claim_stands_beside_the_counts_of_every_variant()
    {
        XElement page = Parsed(BenchHtml.Write(Samples.Fifteen));
        Assert.Contains(page.Descendants("blockquote"), quote => quote.Value == CopyClaim.Text);

        XElement table = Section(page, "claim").Descendants("table").First();
        var rows = table.Descendants("tbody").Single().Elements()
            .ToDictionary(
                row => row.Element("th")!.Value, row => row.Elements("td").Select(cell => cell.Value).ToArray());
        Assert.Equal(15, rows.Count);
        Assert.Equal(
            [
                "3", "3.01 [3.01–3.01]", "1", "1.01 [1.01–1.01]", "1.00 [1.00–1.00]", "3.01 [3.01–3.01]",
                "1.00 [1.00–1.00]", "1.01 [1.01–1.01]", "1", "1.00 [1.00–1.00]", "1.00 [1.00–1.00]",
                "0.111 [0.108–0.114]",
            ],
            rows["offload-with-a-copy"]);
        Assert.Equal(["–", "1", "1", "0", "0", "1", "0", "0", "1", "0", "0", "0"], rows["vxlan"]);
        Assert.All(rows[Samples.PeerName]
            .Where((_, column) => column is not (0 or 2 or 8)), cell => Assert.Equal("not counted", cell));
        Assert.Contains("costs 2.70 [1.86–3.54] Gbit/s", Section(page, "claim").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_no_figures_is_named_and_not_drawn()
    {
        XElement page = Parsed(BenchHtml.Write(Named("bare")));

        Assert.DoesNotContain(Drawings(page), drawing => drawing.Attribute("id")!.Value != "cpu-machine");
        foreach ((string section, string sentence) in ((string, string)[])
        [
            ("throughput", "No TCP throughput was measured"), (
                "packets", "No packet rate was measured"), ("latency", "No latency was measured"),
            ("ladder", "No variant was counted"), (
                "ladder", "Left out, because no metered daemon of ours carries their packets: direct."),
            ("claim", "No variant was counted"), ("cpu", "No variant has daemons"),
        ])
        {
            Assert.Contains(sentence, Section(page, section).Value, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Whatever_others_have_named_is_text_and_the_samples_come_with_the_page()
    {
        BenchReport report = Named("hostile");
        string html = BenchHtml.Write(report);
        XElement page = Parsed(html);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.Contains(page.Descendants("code"), code => code.Value == "</code><script>alert(1)</script>&amp;??");
        string data = page.Descendants("a").Single().Attribute("href")!.Value;
        byte[] json = Convert.FromBase64String(data[(data.IndexOf(',', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(BenchJson.Write(report), Encoding.UTF8.GetString(json));
    }

    /// <summary>The charts of a page; marks and swatches are none.</summary>
    internal static IEnumerable<XElement> Drawings(XElement page) =>
        page.Descendants("svg").Where(drawing => drawing.Attribute("role")?.Value == "img");

    private static IEnumerable<XElement> Drawings(BenchReport report) => Drawings(Parsed(BenchHtml.Write(report)));

    private static XElement Parsed(string html) => XElement.Parse(html["<!DOCTYPE html>\n".Length..]);

    private static XElement Section(XElement page, string id) =>
        page.Descendants("section").Single(section => section.Attribute("aria-labelledby")!.Value == $"{id}-heading");

    private static IEnumerable<XElement> Styled(XElement parent, string style) =>
        parent.Descendants().Where(element => element.Attribute("class")?.Value.Split(' ').Contains(style) == true);

    private static double Percent(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value.TrimEnd('%'), CultureInfo.InvariantCulture);

    private static BenchReport Named(string name) => name switch
    {
        "fifteen" => Samples.Fifteen,
        "three" => Samples.Three,
        "one" => Samples.Three with { Variants = [Samples.Three.Variant("direct")] },
        "zeros" => Flat(0),
        "negative" => Flat(-0.5), // what is the difference of two clocks can be, when nothing was
        "bare" => Samples.Three with
        {
            Variants = [Samples.Three.Variant("direct") with { Tcp = [], Udp = [], Latency = [] }],
        },
        "hostile" => Samples.Hostile,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such report"),
    };

    // A run in which nothing was worth a number.
    private static BenchReport Flat(double value)
    {
        var zero = Spread.Of([value, value, value, value, value]);
        VariantReport offload = Samples.Three.Variant("offload");
        return Samples.Three with
        {
            Variants =
            [
                offload with
                {
                    Tcp = [.. offload.Tcp.Select(tcp => tcp with { BitsPerSecond = zero })],
                    Udp = [.. offload.Udp.Select(udp => udp with { PacketsPerSecond = zero })],
                    Latency = [.. offload.Latency.Select(latency => latency with { P50 = zero, P999 = zero })],
                    CpuSecondsPerGb = new CpuCost(zero, zero, zero),
                    Counts =
                    [
                        .. offload.Counts.Select(counted => counted with
                        {
                            Stages = [.. counted.Stages.Select(stage => stage with { NanosecondsPerPacket = zero })],
                            SystemCallsPerPacket = counted.SystemCallsPerPacket.Keys.ToDictionary(
                                call => call, _ => zero),
                        }),
                    ],
                },
            ],
        };
    }
}
