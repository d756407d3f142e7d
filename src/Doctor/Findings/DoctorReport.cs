using System.Collections.Generic;
using System.Linq;
using Overlay.Health;
using Overlay.Terminal;

namespace Overlay.Doctor.Findings;

/// <summary>What a look at a host has come to.</summary>
/// <param name="Findings">The worst first.</param>
/// <param name="Notes">What could not be looked at.</param>
/// <param name="Checked">How many kinds of trouble were looked for.</param>
internal sealed record DoctorReport(IReadOnlyList<Finding> Findings, IReadOnlyList<string> Notes, int Checked)
{
    /// <summary>The exit code: 0 when nothing is wrong, 1 for warnings, 2 for an error.</summary>
    internal int ExitCode => Findings.Select(finding => finding.Row.Severity)
        .DefaultIfEmpty(HealthSeverity.Info).Max() switch
    {
        HealthSeverity.Error => 2,
        HealthSeverity.Warning => 1,
        _ => 0,
    };

    /// <summary>Four lines for each finding, then what was not looked at, then how many there are.</summary>
    internal IEnumerable<string> Lines()
    {
        foreach (Finding finding in Findings)
        {
            string about = finding.Subject.Length > 0 ? $" ({finding.Subject})" : "";
            yield return TerminalText.Mask(
                $"{Sign(finding.Row.Severity)} {finding.Row.Id,-3} {finding.Row.What}{about}");
            yield return TerminalText.Mask($"  why     {finding.Why}");
            yield return TerminalText.Mask($"  fix     {finding.Fix}");
            yield return TerminalText.Mask($"  source  {finding.Row.Source} [{finding.Row.Code}]");
            yield return "";
        }

        foreach (string note in Notes)
        {
            yield return TerminalText.Mask($"not looked at: {note}");
        }

        yield return Findings.Count == 0
            ? $"nothing is wrong: {Checked} kinds of trouble were looked for"
            : $"{Count(HealthSeverity.Error)} errors, {Count(HealthSeverity.Warning)} warnings, "
                + $"{Count(HealthSeverity.Info)} notes; {Checked} kinds of trouble were looked for";
    }

    /// <summary>One JSON object.</summary>
    internal string ToJson()
    {
        return JsonText.Write(writer =>
        {
            writer.WriteStartArray("findings");
            foreach (Finding finding in Findings)
            {
                writer.WriteStartObject();
                writer.WriteString("id", finding.Row.Id);
                writer.WriteString("code", finding.Row.Code);
                writer.WriteString("severity", Name(finding.Row.Severity));
                writer.WriteString("subject", finding.Subject);
                writer.WriteString("what", finding.Row.What);
                writer.WriteString("why", finding.Why);
                writer.WriteString("fix", finding.Fix);
                writer.WriteBoolean("is_command", finding.IsCommand);
                writer.WriteString("source", finding.Row.Source);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("not_looked_at");
            foreach (string note in Notes)
            {
                writer.WriteStringValue(note);
            }

            writer.WriteEndArray();
            writer.WriteNumber("checked", Checked);
        });
    }

    private static string Name(HealthSeverity severity) => severity.ToString().ToLowerInvariant();

    private static string Sign(HealthSeverity severity) => severity switch
    {
        HealthSeverity.Error => "✗",
        HealthSeverity.Warning => "!",
        _ => "i",
    };

    private int Count(HealthSeverity severity) => Findings.Count(finding => finding.Row.Severity == severity);
}
