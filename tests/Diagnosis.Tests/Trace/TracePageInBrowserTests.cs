using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Overlay.Diagnosis.Trace;
using Overlay.Testing;
using Xunit;

namespace Overlay.Diagnosis.Tests.Trace;

/// <summary>The page of a trace as a real browser shows it. With OVERLAY_PICTURES=DIR pages and pictures stay there.
/// </summary>
public sealed class TracePageInBrowserTests
{
    /// <summary>Looks at the drawing's boxes and texts, and at what was asked for outside the page.</summary>
    private const string Measuring = """
        const box = element => element.getBoundingClientRect();
        const svg = document.querySelector('svg#way');
        const view = box(svg);
        const texts = [...svg.querySelectorAll('text')];
        const nodes = [...svg.querySelectorAll('rect.node')];
        const within = one => one.left >= view.left - 1 && one.right <= view.right + 1 && one.top >= view.top - 1
          && one.bottom <= view.bottom + 1;
        const meet = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
          && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2;
        const faults = [];
        texts.forEach((one, i) => {
          if (!within(box(one))) { faults.push(`${one.textContent} is cut`); }
          texts.slice(i + 1).filter(other => meet(box(one), box(other)))
            .forEach(other => faults.push(`${one.textContent} is over ${other.textContent}`));
        });
        const paints = getComputedStyle(document.body).backgroundColor;
        const details = [...document.querySelectorAll('details')];
        return JSON.stringify({
          nodes: nodes.filter(node => box(node).width > 20 && getComputedStyle(node).stroke !== 'none').length,
          packets: texts.filter(text => text.matches('.request, .reply') && box(text).width > 20
            && getComputedStyle(text).fill !== paints).map(text => text.textContent),
          smallest: Math.min(...texts.map(text => box(text).height)),
          links: [...svg.querySelectorAll('a')].filter(a => !document.querySelector(a.getAttribute('href'))).length,
          frames: details.length, open: details.filter(frame => frame.open).map(frame => frame.id),
          shown: details.filter(frame => frame.open).map(frame => box(frame.querySelector('pre')).height),
          wide: document.documentElement.scrollWidth, requests: performance.getEntriesByType('resource').length,
          meaning: document.querySelector('#meaning').textContent, faults,
        });
        """;

    [Theory]
    [InlineData("answered", 1400, 2000)]
    [InlineData("answered", 390, 3200)]
    [InlineData("lost", 1400, 1600)]
    [InlineData("alone", 1400, 1600)]
    public async Task The_stops_are_seen_and_nothing_is_asked_for_outside_the_page(string name, int width, int height)
    {
        Browser.Require();
        Tour tour = TraceSamples.Tour(
            name == "answered" ? TraceSamples.Request.Concat(TraceSamples.Reply) : TraceSamples.Request.Take(6),
            name == "answered");
        if (name == "alone")
        {
            tour = tour with { Points = [.. tour.Points.Where(point => point.IsOwnHost)] };
        }

        TraceReport report = TraceSamples.Report(tour) with { IsOtherSeen = name != "alone" };
        JsonElement page = await ShowAsync(TracePage.Of(report), name, width, height);

        Assert.Equal(tour.Points.Count, page.GetProperty("nodes").GetInt32());
        string[] packets = [.. page.GetProperty("packets").EnumerateArray().Select(text => text.GetString()!)];
        Assert.Equal(tour.Stops.Count, packets.Length);
        Assert.Contains("→ 6  126 B  ttl 62  +10.0 µs", packets);
        Assert.Empty(page.GetProperty("faults").EnumerateArray().Select(fault => fault.GetString()));
        Assert.Equal(0, page.GetProperty("links").GetInt32());
        Assert.Equal(tour.Stops.Count, page.GetProperty("frames").GetInt32());
        Assert.Contains("stop-6", page.GetProperty("open").EnumerateArray().Select(id => id.GetString()));
        Assert.All(
            page.GetProperty("shown").EnumerateArray(), tree => Assert.InRange(tree.GetDouble(), 400, 3000));
        Assert.InRange(page.GetProperty("wide").GetInt32(), 1, width);
        Assert.Equal(0, page.GetProperty("requests").GetInt32());
        Assert.Contains(report.Conclusion.Meaning, page.GetProperty("meaning").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_complains_or_asks_for_something_is_noticed()
    {
        Browser.Require();
        string page = TracePage.Of(TraceSamples.Report(TraceSamples.Tour(TraceSamples.Request)));
        _ = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => ShowAsync(
            page.Replace("</main>", "</main><script>console.error('no')</script>", StringComparison.Ordinal), "error",
            1400, 1000));
        JsonElement asked = await ShowAsync(
            page.Replace("</main>", "</main><img src=\"http://127.0.0.1:9/\">", StringComparison.Ordinal), "asks",
            1400, 1000);
        Assert.NotEqual(0, asked.GetProperty("requests").GetInt32());
    }

    private static async Task<JsonElement> ShowAsync(string html, string name, int width, int height)
    {
        string? kept = Environment.GetEnvironmentVariable("OVERLAY_PICTURES");
        string folder = kept ?? Directory.CreateTempSubdirectory("overlay-pictures-").FullName;
        string picture = Path.Combine(folder, $"trace-{name}-{width}.png");
        try
        {
            await File.WriteAllTextAsync(
                Path.ChangeExtension(picture, "html"), html, TestContext.Current.CancellationToken);
            return JsonElement.Parse(await Browser.ShowAsync(
                html, Measuring, width, height, picture, TestContext.Current.CancellationToken));
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
