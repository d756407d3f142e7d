using System;
using System.CommandLine;
using System.IO;
using Overlay.Terminal;

namespace Overlay.Bench.Reports.Diff;

/// <summary><c>overlay bench diff</c>: two runs side by side.</summary>
internal static class BenchDiffCommand
{
    /// <summary>The command, to be added to <c>overlay bench</c>.</summary>
    internal static Command Create()
    {
        var old = new Argument<string>("OLD.json") { Description = "a report of 'overlay bench --json'" };
        var @new = new Argument<string>("NEW.json") { Description = "a later one" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new Command(
            "diff", "Compare two runs; a verdict only where the ranges do not overlap.") { old, @new, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            var diff = BenchDiff.Of(
                BenchJson.ReadFile(parsed.GetRequiredValue(old)), BenchJson.ReadFile(parsed.GetRequiredValue(@new)));
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(BenchDiffText.ToJson(diff).AsMemory(), cancellation);
                return ExitCode.Success;
            }

            foreach (string line in BenchDiffText.Lines(
                diff, TerminalText.IsUnicode(Environment.GetEnvironmentVariable), TextTable.WidthOf(output)))
            {
                await output.WriteLineAsync(line.AsMemory(), cancellation);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
