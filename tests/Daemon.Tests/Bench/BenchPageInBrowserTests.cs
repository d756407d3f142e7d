using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Daemon.Bench.Reports.Page;
using Overlay.Daemon.Bench.Results;
using Xunit;

namespace Overlay.Daemon.Tests.Bench;

/// <summary>The page as people see it: laid out by a real browser, on a screen and on a phone.</summary>
public sealed class BenchPageInBrowserTests
{
    /// <summary>Boxes are in pixels, from the page's top left corner. A text is known by what it says.</summary>
    private const string Measuring = """
        const box = element => { const b = element.getBoundingClientRect(); return { l: b.left, t: b.top, r: b.right, b: b.bottom }; };
        const meet = (one, other) => Math.min(one.r, other.r) - Math.max(one.l, other.l) > 1 && Math.min(one.b, other.b) - Math.max(one.t, other.t) > 1.5;
        const within = (one, other) => one.l >= other.l - 1 && one.r <= other.r + 1 && one.t >= other.t - 1 && one.b <= other.b + 1;
        const page = getComputedStyle(document.body).backgroundColor;
        const charts = [...document.querySelectorAll('svg.chart')].map(svg => {
          const view = box(svg);
          const texts = [...svg.querySelectorAll('text')].map(text => ({ what: text.textContent, key: text.matches('.key'), box: box(text) }));
          const bars = [...svg.querySelectorAll('rect.part')].map(bar => ({ what: bar.parentNode.querySelector('.name').textContent, box: box(bar),
            fill: getComputedStyle(bar).fill }));
          const seen = bars.filter(bar => bar.box.r - bar.box.l > 0 && bar.box.b - bar.box.t > 5 && bar.fill !== page && bar.fill !== 'none');
          const lines = [...svg.querySelectorAll('line.curve')].filter(line => line.getBoundingClientRect().width > 5
            && getComputedStyle(line).stroke !== 'none' && getComputedStyle(line).stroke !== page);
          const faults = [];
          texts.forEach((one, i) => {
            if (!within(one.box, view)) { faults.push(`${one.what} is cut`); }
            if (one.box.r - one.box.l < 1) { faults.push(`${one.what} is not seen`); }
            texts.slice(i + 1).filter(other => meet(one.box, other.box)).forEach(other => faults.push(`${one.what} is over ${other.what}`));
            bars.filter(bar => !one.key && meet(one.box, bar.box)).forEach(bar => faults.push(`${one.what} is over the bar of ${bar.what}`));
          });
          bars.filter(bar => !within(bar.box, view)).forEach(bar => faults.push(`the bar of ${bar.what} is cut`));
          return { id: svg.id, width: view.r - view.l, height: view.b - view.t, bars: seen.length, all: bars.length, lines: lines.length,
            smallest: Math.min(...[...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize))), faults };
        });
        const html = [...document.querySelectorAll('h1, h2, h3, p, li, dd, figcaption, blockquote')].filter(element => element.scrollWidth > element.clientWidth + 1
          && element.clientWidth > 0 && getComputedStyle(element).display !== 'inline').map(element => element.textContent.slice(0, 60));
        return JSON.stringify({ inner: innerWidth, wide: document.documentElement.scrollWidth, high: document.documentElement.scrollHeight, charts, cut: html });
        """;

    [Theory]
    [InlineData("fifteen", 1280, 9000)]
    [InlineData("fifteen", 390, 22000)]
    [InlineData("three", 1280, 6000)]
    [InlineData("three", 390, 9000)]
    public async Task Every_chart_is_seen_whole_and_no_text_lies_over_another(string name, int width, int height)
    {
        Browser.Require();
        BenchReport report = name == "three" ? Samples.Three : Samples.Fifteen;
        string folder = Environment.GetEnvironmentVariable("OVERLAY_PICTURES") ?? Directory.CreateTempSubdirectory("overlay-pictures-").FullName;
        string picture = Path.Combine(folder, $"{name}-{width}.png");
        try
        {
            string said = await Browser.ShowAsync(BenchHtml.Write(report), Measuring, width, height, picture, TestContext.Current.CancellationToken);

            JsonElement page = JsonElement.Parse(said);
            Assert.Equal(width, page.GetProperty("inner").GetInt32());
            Assert.InRange(page.GetProperty("wide").GetInt32(), 1, width);
            Assert.InRange(page.GetProperty("high").GetInt32(), height / 3, height);
            Assert.Empty(page.GetProperty("cut").EnumerateArray().Select(text => text.GetString()));
            JsonElement[] charts = [.. page.GetProperty("charts").EnumerateArray()];
            Assert.Equal(17, charts.Length);
            Assert.All(charts, chart => IsWhole(chart, report, width));

            PagePicture seen = PagePicture.Read(picture);
            Assert.Equal((width, height), (seen.Width, seen.Height));
            Assert.InRange(seen.LinesWithSomethingNew, page.GetProperty("high").GetInt32() / 3, height);
        }
        finally
        {
            if (Environment.GetEnvironmentVariable("OVERLAY_PICTURES") is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void IsWhole(JsonElement chart, BenchReport report, int screen)
    {
        string id = chart.GetProperty("id").GetString()!;
        Assert.True(chart.GetProperty("faults").GetArrayLength() == 0, $"{id}: {chart.GetProperty("faults")}");
        Assert.InRange(chart.GetProperty("width").GetDouble(), Math.Min(screen - 40, 330), screen);
        Assert.InRange(chart.GetProperty("height").GetDouble(), 40, 2000);
        Assert.InRange(chart.GetProperty("smallest").GetDouble(), 10, 30);
        int counted = report.Variants.Count(variant => variant.Counts.Count > 0);
        (int Bars, int Lines) expected = id.Split('-') switch
        {
            ["latency", ..] => (0, 3 * report.Variants.Count),
            ["ladder", ..] => (6 * counted, 0),
            ["crossings", ..] => (5 * counted, 0),
            ["cpu", "machine"] => (3 * report.Variants.Count, 0),
            ["cpu", ..] => (2 * counted, 0),
            _ => (report.Variants.Count, 0),
        };
        Assert.Equal(expected, (chart.GetProperty("bars").GetInt32(), chart.GetProperty("lines").GetInt32()));
        Assert.Equal(expected.Bars, chart.GetProperty("all").GetInt32());
    }
}
