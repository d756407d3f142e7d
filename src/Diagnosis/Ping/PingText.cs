using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Ping;

/// <summary>What a ping prints.</summary>
internal static class PingText
{
    /// <summary>Milliseconds with two digits behind the point.</summary>
    internal static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms");

    /// <summary>A line for each step, then what they mean and what to type.</summary>
    /// <param name="steps">In order.</param>
    /// <param name="explanation">What they mean.</param>
    internal static IEnumerable<string> Lines(IReadOnlyList<LadderStep> steps, Explanation explanation)
    {
        int from = steps.Max(step => step.From.Length);
        int to = steps.Max(step => step.To.Length);
        int number = 0;
        foreach (LadderStep step in steps)
        {
            yield return TerminalText.Mask(
                $"{++number} {Name(step.Layer),-9}  {step.From.PadRight(from)}  {step.To.PadRight(to)}  "
                    + $"{Word(step.Result),-7}  {step.Detail}");
        }

        yield return TerminalText.Mask(
            $"{(explanation.Layer is null ? "ok" : $"FAIL {Name(explanation.Layer.Value)}")}: {explanation.Meaning}");
        if (explanation.Fix.Length > 0)
        {
            yield return TerminalText.Mask($"  fix: {explanation.Fix}");
        }
    }

    /// <summary>The same as one JSON object.</summary>
    internal static string ToJson(IReadOnlyList<LadderStep> steps, Explanation explanation)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteStartArray("steps");
            foreach (LadderStep step in steps)
            {
                writer.WriteStartObject();
                writer.WriteString("layer", Name(step.Layer));
                writer.WriteString("from", step.From);
                writer.WriteString("to", step.To);
                writer.WriteString("result", Word(step.Result));
                writer.WriteString("detail", step.Detail);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("fails", explanation.Layer is { } layer ? Name(layer) : null);
            writer.WriteString("meaning", explanation.Meaning);
            writer.WriteString("fix", explanation.Fix);
        });
    }

    /// <summary>A layer's name, as it is printed.</summary>
    internal static string Name(Layer layer) => layer switch
    {
        Layer.PathMtu => "path-mtu",
        _ => layer.ToString().ToLowerInvariant(),
    };

    private static string Word(StepResult result) => result switch
    {
        StepResult.Ok => "ok",
        StepResult.Failed => "FAIL",
        StepResult.Unknown => "?",
        _ => "skipped",
    };
}
