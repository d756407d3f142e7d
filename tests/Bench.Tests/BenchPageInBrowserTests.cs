using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using System.Xml.Linq;
using Overlay.Bench.Reports.Page;
using Overlay.Bench.Results;
using Overlay.Testing;
using Xunit;

namespace Overlay.Bench.Tests;

/// <summary>
/// The page as people see it: laid out by a real browser, on a screen and on a phone. With OVERLAY_PICTURES=DIR pages
/// and pictures stay there.
/// </summary>
public sealed class BenchPageInBrowserTests
{
    /// <summary>Boxes are in pixels, from the page's top left corner. A text is known by what it says.</summary>
    private const string Measuring = """
        const box = element => {
          const b = element.getBoundingClientRect();
          return { l: b.left, t: b.top, r: b.right, b: b.bottom };
        };
        const meet = (one, other) => Math.min(one.r, other.r) - Math.max(one.l, other.l) > 1
          && Math.min(one.b, other.b) - Math.max(one.t, other.t) > 1.5;
        const within = (one, other) => one.l >= other.l - 1 && one.r <= other.r + 1
          && one.t >= other.t - 1 && one.b <= other.b + 1;
        const page = getComputedStyle(document.body).backgroundColor;
        const charts = [...document.querySelectorAll('svg.chart')].map(svg => {
          const view = box(svg);
          const texts = [...svg.querySelectorAll('text')]
            .map(text => ({ what: text.textContent, key: text.matches('.key'), box: box(text) }));
          const bars = [...svg.querySelectorAll('rect.part')].map(bar => ({
            what: bar.parentNode.querySelector('.name').textContent, box: box(bar), fill: getComputedStyle(bar).fill,
          }));
          const seen = bars.filter(bar => bar.box.r - bar.box.l > 0 && bar.box.b - bar.box.t > 5
            && bar.fill !== page && bar.fill !== 'none');
          const lines = [...svg.querySelectorAll('line.curve')].filter(line => line.getBoundingClientRect().width > 5
            && getComputedStyle(line).stroke !== 'none' && getComputedStyle(line).stroke !== page);
          const faults = [];
          texts.forEach((one, i) => {
            if (!within(one.box, view)) { faults.push(`${one.what} is cut`); }
            if (one.box.r - one.box.l < 1) { faults.push(`${one.what} is not seen`); }
            texts.slice(i + 1).filter(other => meet(one.box, other.box))
              .forEach(other => faults.push(`${one.what} is over ${other.what}`));
            bars.filter(bar => !one.key && meet(one.box, bar.box))
              .forEach(bar => faults.push(`${one.what} is over the bar of ${bar.what}`));
          });
          bars.filter(bar => !within(bar.box, view)).forEach(bar => faults.push(`the bar of ${bar.what} is cut`));
          const sizes = [...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize));
          return {
            id: svg.id, width: view.r - view.l, height: view.b - view.t,
            bars: seen.length, all: bars.length, lines: lines.length, smallest: Math.min(...sizes), faults,
          };
        });
        const cut = [...document.querySelectorAll('h1, h2, h3, p, li, dd, figcaption, blockquote')]
          .filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
            && getComputedStyle(element).display !== 'inline')
          .map(element => element.textContent.slice(0, 60));
        const root = document.documentElement;
        return JSON.stringify({ inner: innerWidth, wide: root.scrollWidth, high: root.scrollHeight, charts, cut });
        """;

    [Theory]
    [InlineData("fifteen", 1280, 10000)]
    [InlineData("hostile", 390, 22000)]
    [InlineData("three", 1280, 6000)]
    [InlineData("three", 390, 9000)]
    public async Task Every_chart_is_seen_whole_and_no_text_lies_over_another(string name, int width, int height)
    {
        Browser.Require();
        BenchReport report =
            name switch { "three" => Samples.Three, "hostile" => Samples.Hostile, _ => Samples.Fifteen };
        string? kept = Environment.GetEnvironmentVariable("OVERLAY_PICTURES");
        string folder = kept ?? Directory.CreateTempSubdirectory("overlay-pictures-").FullName;
        string picture = Path.Combine(folder, $"{name}-{width}.png");
        try
        {
            string html = BenchHtml.Write(report);
            XElement[] drawings = [.. BenchHtmlTests.Drawings(XElement.Parse(html["<!DOCTYPE html>".Length..]))];
            await File.WriteAllTextAsync(
                Path.ChangeExtension(picture, "html"), html, TestContext.Current.CancellationToken);
            string said = await Browser.ShowAsync(
                html, Measuring, width, height, picture, TestContext.Current.CancellationToken);

            var page = JsonElement.Parse(said);
            Assert.Equal(width, page.GetProperty("inner").GetInt32());
            Assert.InRange(page.GetProperty("wide").GetInt32(), 1, width);
            Assert.InRange(page.GetProperty("high").GetInt32(), height / 3, height);
            Assert.Empty(page.GetProperty("cut").EnumerateArray().Select(text => text.GetString()));
            JsonElement[] charts = [.. page.GetProperty("charts").EnumerateArray()];
            Assert.Equal(drawings.Length, charts.Length);
            Assert.All(charts.Zip(drawings), chart => IsWhole(chart.First, chart.Second, width));

            var seen = PagePicture.Read(picture);
            Assert.Equal((width, height), (seen.Width, seen.Height));
            Assert.InRange(seen.LinesWithSomethingNew, page.GetProperty("high").GetInt32() / 3, height);
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    [Fact]
    public async Task A_chart_that_is_broken_is_noticed()
    {
        Browser.Require();
        string folder = Directory.CreateTempSubdirectory("overlay-pictures-").FullName;
        try
        {
            string html = BenchHtml.Write(Samples.Three).Replace(
                "</style>",
                "#packets-1 text { font-size: 40px } #packets-2 .part { fill: none } #packets-3 .part { display: "
                    + "none } h1 { white-space: nowrap } </style>",
                StringComparison.Ordinal);

            var page = JsonElement.Parse(await Browser.ShowAsync(
                html, Measuring, 390, 6000, Path.Combine(folder, "broken.png"), TestContext.Current.CancellationToken));

            JsonElement[] packets = [.. page.GetProperty("charts").EnumerateArray().Where(
                chart => chart.GetProperty("id").GetString()!.StartsWith("packets", StringComparison.Ordinal))];
            Assert.Equal([0, 0], packets[1..].Select(chart => chart.GetProperty("bars").GetInt32()));
            string[] faults = [.. packets[0].GetProperty("faults").EnumerateArray().Select(
                fault => fault.GetString()!)];
            Assert.Contains("direct is over 933 [840–1027]", faults);
            Assert.Contains("direct is over the bar of direct", faults);
            Assert.Contains("933 [840–1027] is cut", faults);
            Assert.NotEqual(0, page.GetProperty("cut").GetArrayLength());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void IsWhole(JsonElement chart, XElement drawing, int screen)
    {
        string id = drawing.Attribute("id")!.Value;
        Assert.Equal(id, chart.GetProperty("id").GetString());
        Assert.True(chart.GetProperty("faults").GetArrayLength() == 0, $"{id}: {chart.GetProperty("faults")}");
        Assert.InRange(chart.GetProperty("width").GetDouble(), Math.Min(screen - 40, 330), screen);
        Assert.InRange(chart.GetProperty("height").GetDouble(), 40, 2000);
        Assert.InRange(chart.GetProperty("smallest").GetDouble(), 10, 30);
        int bars = drawing.Descendants("rect").Count();
        int lines = drawing.Descendants("line")
            .Count(line => line.Attribute("class")?.Value.StartsWith("curve ", StringComparison.Ordinal) == true);
        Assert.NotEqual(0, bars + lines);
        Assert.Equal(bars, chart.GetProperty("all").GetInt32());
        Assert.Equal(bars, chart.GetProperty("bars").GetInt32());
        Assert.Equal(lines, chart.GetProperty("lines").GetInt32());
    }
}
