namespace Overlay.Bench;

/// <summary>What the command line asked for.</summary>
/// <param name="Plan">What is measured.</param>
/// <param name="Format">What goes to standard output.</param>
/// <param name="HtmlFile">Where the page goes; null for none.</param>
/// <param name="CommandLine">As it was given.</param>
internal sealed record BenchOptions(BenchPlan Plan, BenchFormat Format, string? HtmlFile, string CommandLine);

/// <summary>How a report is written to standard output.</summary>
internal enum BenchFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One object.</summary>
    Json,

    /// <summary>A row for each sample.</summary>
    Csv,
}
