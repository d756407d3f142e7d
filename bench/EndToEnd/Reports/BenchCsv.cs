using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>A report as comma-separated values (RFC 4180): one record for each sample.</summary>
internal static class BenchCsv
{
    /// <summary>The first record.</summary>
    internal const string Header = "run,variant,kind,test,metric,unit,round,value";

    private static readonly char[] s_quoted = [',', '"', '\r', '\n'];

    /// <summary>
    /// The file's text: records end with CR LF. <c>run</c> is the run's timestamp, <c>round</c> counts from 1.
    /// </summary>
    internal static string Write(BenchReport report) =>
        string.Concat(Records(report).Prepend(Header).Select(record => record + "\r\n"));

    private static IEnumerable<string> Records(BenchReport report) =>
        from variant in report.Variants
        from figure in Figures.Of(variant)
        from sample in figure.Spread.Samples.Select((value, index) => (Round: index + 1, Value: value))
        select string.Join(',', ((string[])
        [
            report.Environment.Timestamp,
            variant.Name,
            variant.Kind.ToString().ToLowerInvariant(),
            figure.Test,
            figure.Metric,
            figure.Unit,
            sample.Round.ToString(CultureInfo.InvariantCulture),
            sample.Value.ToString("R", CultureInfo.InvariantCulture),
        ]).Select(Field));

    private static string Field(string text) =>
        text.IndexOfAny(s_quoted) < 0 ? text : $"\"{text.Replace("\"", "\"\"", System.StringComparison.Ordinal)}\"";
}
