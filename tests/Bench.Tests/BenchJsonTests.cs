using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Bench.Reports;
using Overlay.Bench.Results;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchJsonTests
{
    [Fact]
    public void What_was_written_is_read_as_it_was()
    {
        string json = BenchJson.Write(Samples.Fifteen);

        BenchReport read = BenchJson.Read(Encoding.UTF8.GetBytes(json), "here");

        Assert.Equal(json, BenchJson.Write(read));
        Assert.Equal(Samples.Fifteen.Environment, read.Environment);
        Assert.Equal(Samples.Fifteen.Method, read.Method);
        Assert.Equal(Samples.PeerName, read.Variants[^1].Name);
        Assert.Equal(
            Samples.Fifteen.Variants.SelectMany(Figures.Of)
                .Select(figure => (figure.Test, figure.Metric, figure.Spread.Median)),
            read.Variants.SelectMany(Figures.Of).Select(figure => (figure.Test, figure.Metric, figure.Spread.Median)));
    }

    [Fact]
    public void Names_are_iperf3s_where_it_has_one_and_snake_case()
    {
        var root = JsonElement.Parse(BenchJson.Write(Samples.Three));

        Assert.Equal(
            ["schema", "environment", "method", "variants"], root.EnumerateObject().Select(property => property.Name));
        Assert.Equal("overlay-bench/1", root.GetProperty("schema").GetString());
        Assert.False(root.GetProperty("environment").GetProperty("is_shared").GetBoolean());
        JsonElement offload = root.GetProperty("variants")[2];
        Assert.Equal("engine", offload.GetProperty("kind").GetString());
        JsonElement stream = offload.GetProperty("tcp")[0];
        Assert.Equal(
            ["num_streams", "reverse", "bits_per_second", "cpu_utilization_percent"], stream.EnumerateObject()
                .Select(property => property.Name));
        Assert.Equal(
            ["median", "minimum", "maximum", "samples"], stream.GetProperty("bits_per_second").EnumerateObject().Select(
                property => property.Name));
        Assert.Equal(5, stream.GetProperty("bits_per_second").GetProperty("samples").GetArrayLength());
        Assert.Equal(["blksize", "is_full_size"], offload.GetProperty("udp")[0].EnumerateObject().Select(
            property => property.Name).Take(2));
        Assert.True(offload.GetProperty("latency")[0].TryGetProperty("p999", out _));
        Assert.True(
            offload.GetProperty("counts")[0].GetProperty("kernel_copies_per_byte").TryGetProperty("tun_read", out _));
    }

    [Theory]
    [InlineData("", "line 1, byte 1 is no JSON")]
    [InlineData("{", "is no JSON")]
    [InlineData("not json", "line 1, byte 2 is no JSON")]
    [InlineData("null", "has the schema none")]
    [InlineData("[]", "has the schema none")]
    [InlineData("{}", "has the schema none")]
    [InlineData("""{"schema":1}""", "has the schema 1, and overlay-bench/1 is needed")]
    [InlineData(
        """{"schema":"overlay-bench/2"}""",
        "has the schema \"overlay-bench/2\", and overlay-bench/1 is needed")]
    [InlineData("""{"schema":"overlay-bench/1"}""", "is no report")]
    [InlineData(
        """{"schema":"overlay-bench/1","environment":null,"method":null,"variants":null}""",
        "$.environment is not what it must be")]
    public void What_is_no_report_is_refused_in_one_line(string text, string expected) =>
        IsRefused(Encoding.UTF8.GetBytes(text), expected);

    [Theory]
    [InlineData("samples", "[1,2,3,4]", "a figure of 4 rounds has no spread; it takes 5 rounds or more")]
    [InlineData("samples", "[]", "a figure of 0 rounds")]
    [InlineData("samples", "[1,2,3,4,1e999]", "a round gave no number")]
    [InlineData("samples", "[1,2,3,4,\"5\"]", "$.variants[0].tcp[0].bits_per_second.samples")]
    [InlineData("samples", "[1,2,3,4,null]", "$.variants[0].tcp[0].bits_per_second.samples")]
    [InlineData("samples", "null", "$.variants[0].tcp[0].bits_per_second.samples")]
    [InlineData("median", "1", "direct tcp_1 bits_per_second: the median is 1, and that of its samples is")]
    [InlineData("minimum", "1", "the minimum is 1, and that of its samples is")]
    [InlineData("maximum", "1", "the maximum is 1, and that of its samples is")]
    [InlineData("maximum", "1e999", "the maximum is")]
    [InlineData("median", "\"NaN\"", "$.variants[0].tcp[0].bits_per_second.median")]
    public void A_spread_that_does_not_follow_from_its_rounds_is_refused_by_its_name(
        string name, string value, string expected) =>
        IsRefused(Changed(root => (
            (JsonObject)root["variants"]![0]!["tcp"]![0]!["bits_per_second"]!)[name] = Placeholder, value), expected);

    [Theory]
    [InlineData("variants", "[]", "it has no variants")]
    [InlineData("variants", "[null]", "one of its variants is null")]
    [InlineData(
        "method",
        """{"rounds":4,"omit":1,"duration":3,"wire":"veth","wire_mtu":1500,"is_quick":true,"counting":"self"}""",
        "method.rounds is 4")]
    [InlineData(
        "method",
        """{"rounds":5,"omit":1,"duration":0,"wire":"veth","wire_mtu":1500,"is_quick":true,"counting":"self"}""",
        "environment or method")]
    [InlineData(
        "method",
        """{"rounds":5,"omit":1,"wire":"veth","wire_mtu":1500,"is_quick":true,"counting":"self"}""",
        "$.method lacks 'duration'; give")]
    public void A_report_that_no_run_writes_is_refused(string name, string value, string expected) =>
        IsRefused(Changed(root => root[name] = Placeholder, value), expected);

    [Fact]
    public void A_missing_figure_in_a_list_and_the_same_figure_twice_are_refused()
    {
        IsRefused(Changed(root => root["variants"]![0]!["udp"]![0] = null), "direct has null where a figure must be");
        IsRefused(
            Changed(root => root["variants"]![2]!["counts"]![0]!["system_calls_per_packet"]!["wait"] = null),
            "offload has null");
        IsRefused(Changed(root => root["variants"]![1]!["name"] = "direct"), "the variant direct is in it twice");
        IsRefused(Changed(
            root => root["variants"]![0]!["tcp"]![0]!["num_streams"] = 4), "direct has tcp_4 bits_per_second twice");
        IsRefused(
            Changed(root => root["variants"]![0]!["kind"] = "stranger"), "$.variants[0].kind is not what it must be");
        IsRefused(
            Changed(root => root["variants"]![0]!["drops"] = new JsonObject { ["none"] = -1 }), "direct has dropped "
                + "fewer than no packets for none");
    }

    [Fact]
    public void A_file_is_refused_by_its_name()
    {
        string directory = Directory.CreateTempSubdirectory("overlay-bench-").FullName;
        try
        {
            string missing = Path.Combine(directory, "missing.json");
            Assert.StartsWith(
                $"{missing} cannot be read (", Refusal(() => BenchJson.ReadFile(missing)), StringComparison.Ordinal);
            Assert.StartsWith($"{directory} cannot be read (", Refusal(
                () => BenchJson.ReadFile(directory)), StringComparison.Ordinal);

            string half = Path.Combine(directory, "half.json");
            File.WriteAllText(half, BenchJson.Write(Samples.Three)[..1000]);
            Assert.StartsWith($"{half} is no report: line 1, byte ", Refusal(
                () => BenchJson.ReadFile(half)), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private const string Placeholder = "what is put in its place";

    private static byte[] Changed(Action<JsonNode> change, string? value = null)
    {
        JsonNode root = JsonNode.Parse(BenchJson.Write(Samples.Three))!;
        change(root);
        string json = root.ToJsonString();
        return Encoding.UTF8.GetBytes(
            value is null ? json : json.Replace($"\"{Placeholder}\"", value, StringComparison.Ordinal));
    }

    private static void IsRefused(byte[] json, string expected)
    {
        string line = Refusal(() => BenchJson.Read(json, "old.json"));
        Assert.StartsWith("old.json ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.EndsWith(
            "give a file that 'overlay bench --json' of this version wrote", line, StringComparison.Ordinal);
    }

    private static string Refusal(Action read)
    {
        string line = Assert.Throws<BenchException>(read).Message;
        Assert.DoesNotContain('\n', line);
        return line;
    }
}
