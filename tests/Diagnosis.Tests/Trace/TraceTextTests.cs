using System;
using System.Linq;
using System.Text.Json;
using Overlay.Diagnosis.Trace;
using Xunit;

namespace Overlay.Diagnosis.Tests.Trace;

public sealed class TraceTextTests
{
    private static TraceReport Hostile { get; } = Sample();

    [Fact]
    public void Every_line_fits_100_columns_and_moves_no_cursor()
    {
        string[] lines = [.. new TraceText(isUnicode: true).Lines(Hostile)];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
        Assert.DoesNotContain(lines, line => line.Any(char.IsControl));
        Assert.Contains(lines, line => line.Contains("veth?[31m", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_unicode_it_is_ascii() => Assert.All(
        new TraceText(isUnicode: false).Lines(Hostile), line => Assert.True(line.All(char.IsAscii), line));

    [Fact]
    public void The_object_has_every_stop_with_its_frame()
    {
        using var json = JsonDocument.Parse(TraceJson.Of(Hostile));
        JsonElement[] stops = [.. json.RootElement.GetProperty("stops").EnumerateArray()];
        Assert.Equal(24, stops.Length);
        Assert.Equal("0a:58:0a:f4:01:0e", stops[0].GetProperty("sourceMac").GetString());
        JsonElement wire = stops[5].GetProperty("frame").GetProperty("outer");
        Assert.Equal(15799, wire.GetProperty("identification").GetInt32());
        Assert.Equal(310.0, json.RootElement.GetProperty("roundTripMicroseconds").GetDouble());
    }

    [Fact]
    public void In_the_page_nothing_that_others_have_named_is_markup()
    {
        string page = TracePage.Of(Hostile);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", page, StringComparison.Ordinal);
        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
    }

    private static TraceReport Sample()
    {
        Tour tour = TraceSamples.Tour(
            TraceSamples.Request.Concat(TraceSamples.Reply).Select(seen => seen.Point.Kind == StopKind.Veth
                ? seen with { Point = seen.Point with { Device = "veth\u001b[31m<b>12" } }
                : seen),
            isDelivered: true);
        return TraceSamples.Report(tour, "pod 10.244.1.14 (eth0 of netns <script>alert(1)</script>)") with
        {
            Notes = [$"a note \u001b[2J that is {string.Concat(Enumerable.Repeat("rather ", 30))}long"],
        };
    }
}
