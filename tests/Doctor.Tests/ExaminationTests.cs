using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Overlay.Doctor.Checks;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Xunit;

namespace Overlay.Doctor.Tests;

public sealed class ExaminationTests
{
    private static readonly HostFacts s_host = new(daemon: null, store: null, "/nonexistent", "/nonexistent");

    [Fact]
    public void The_worst_comes_first_and_a_thing_that_two_checks_find_is_said_once()
    {
        Finding small = Found("A1", HealthSeverity.Info);
        Finding bad = Found("B1", HealthSeverity.Error);
        Finding middling = Found("C1", HealthSeverity.Warning);

        DoctorReport report = Examination.Run(
            [new FixedCheck(small, bad), new FixedCheck(middling, bad)], s_host);

        Assert.Equal(["B1", "C1", "A1"], report.Findings.Select(finding => finding.Row.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0, HealthSeverity.Info)]
    [InlineData(1, HealthSeverity.Info, HealthSeverity.Warning)]
    [InlineData(2, HealthSeverity.Warning, HealthSeverity.Error)]
    public void The_exit_code_is_the_worst_finding(int exitCode, params HealthSeverity[] severities) => Assert.Equal(
        exitCode,
        Examination.Run(
            [new FixedCheck([.. severities.Select((severity, index) => Found($"A{index}", severity))])], s_host)
            .ExitCode);

    [Fact]
    public void The_object_has_every_part_of_a_finding_and_what_could_not_be_looked_at()
    {
        s_host.Notes.Add("rules cannot be listed");
        DoctorReport report = Examination.Run([new FixedCheck(Found("W1", HealthSeverity.Error))], s_host);

        using var json = JsonDocument.Parse(report.ToJson());
        JsonElement only = Assert.Single(json.RootElement.GetProperty("findings").EnumerateArray());
        Assert.Equal(
            ["code W1", "what W1", "why W1", "fix W1", "source W1", "subject W1", "error"],
            ((string[])["code", "what", "why", "fix", "source", "subject", "severity"])
                .Select(part => only.GetProperty(part).GetString()));
        Assert.Contains(
            "rules cannot be listed",
            json.RootElement.GetProperty("not_looked_at").EnumerateArray().Select(note => note.GetString()));
    }

    private static Finding Found(string id, HealthSeverity severity) => new(
        new Row(id, $"code {id}", severity, $"what {id}", $"source {id}"), $"subject {id}", $"why {id}", $"fix {id}");

    private sealed class FixedCheck(params Finding[] findings) : ICheck
    {
        public IReadOnlyList<Row> Rows => [.. findings.Select(finding => finding.Row)];

        public IEnumerable<Finding> Look(HostFacts host) => findings;
    }
}
