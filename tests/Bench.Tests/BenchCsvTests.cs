using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Overlay.Bench.Reports;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchCsvTests
{
    [Fact]
    public void Every_sample_is_a_record_that_reads_back_as_it_was()
    {
        string csv = BenchCsv.Write(Samples.Fifteen);

        string[][] records = [.. Parsed(csv)];
        Assert.Equal(BenchCsv.Header, string.Join(',', records[0]));
        Assert.Equal(
            from variant in Samples.Fifteen.Variants
            from figure in Figures.Of(variant)
            from round in Enumerable.Range(0, figure.Spread.Samples.Count)
            select (
                "2026-03-01T12:00:00Z", variant.Name, variant.Kind.ToString()
                    .ToLowerInvariant(), figure.Test, figure.Metric, figure.Unit,
                round + 1, figure.Spread.Samples[round]),
            records.Skip(1).Select(record => (
                record[0], record[1], record[2], record[3], record[4], record[5],
                int.Parse(
                    record[6], CultureInfo.InvariantCulture), double.Parse(record[7], CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void A_line_break_in_a_name_stays_within_its_field()
    {
        string csv = BenchCsv.Write(Samples.Three.With("vxlan", variant => variant with { Name = "a\r\n\"b\",c" }));

        Assert.Equal(["direct", "a\r\n\"b\",c", "offload"], Parsed(csv).Skip(1).Select(record => record[1]).Distinct());
    }

    /// <summary>As RFC 4180 has it.</summary>
    private static IEnumerable<string[]> Parsed(string csv)
    {
        List<string> record = [];
        StringBuilder field = new();
        bool quoted = false;
        for (int i = 0; i < csv.Length; i++)
        {
            if (quoted)
            {
                if (csv[i] != '"')
                {
                    field.Append(csv[i]);
                }
                else if (i + 1 < csv.Length && csv[i + 1] == '"')
                {
                    field.Append(csv[i++]);
                }
                else
                {
                    quoted = false;
                }
            }
            else if (csv[i] == '"')
            {
                Assert.Equal(0, field.Length);
                quoted = true;
            }
            else if (csv[i] == ',' || csv[i] == '\r')
            {
                record.Add(field.ToString());
                field.Clear();
                if (csv[i] == '\r')
                {
                    Assert.Equal('\n', csv[++i]);
                    Assert.Equal(8, record.Count);
                    yield return [.. record];
                    record.Clear();
                }
            }
            else
            {
                field.Append(csv[i]);
            }
        }

        Assert.Empty(record);
        Assert.Equal(0, field.Length);
    }
}
