using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Overlay.Lab;
using Overlay.Lab.Faults;

namespace Overlay.Demo;

/// <summary>
/// <c>overlay demo --break</c>: one fault is put into the first host, and the doctor is asked about it.
/// </summary>
/// <param name="site">The host.</param>
/// <param name="overlay">The daemon's program, which has the doctor.</param>
/// <param name="stays">Whether the fault is left in.</param>
/// <param name="text">Where the story goes.</param>
internal sealed class DemoBreak(FaultSite site, IReadOnlyList<string> overlay, bool stays, DemoText text)
{
    // What the daemon finds out takes it a moment, and longer on a busy machine.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Puts it in, and asks until the doctor names it.</summary>
    /// <param name="fault">Which.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="LabException">The fault could not be put in, or the doctor says nothing.</exception>
    internal BreakReport Run(LabFault fault, CancellationToken cancellation)
    {
        if (fault.Needs.FirstOrDefault(program => ChildCommand.Find(program) is null) is { } missing)
        {
            throw new LabException($"the fault {fault.Name} needs {missing}: install it, or choose another");
        }

        try
        {
            site.Break(fault);
            return Examine(fault, cancellation);
        }
        finally
        {
            if (!stays)
            {
                Mend(fault);
            }
        }
    }

    private BreakReport Examine(LabFault fault, CancellationToken cancellation)
    {
        string[] lines = [.. site.Lines(fault)];
        text.Step(true, "break", $"{fault.Name}: {fault.What}");
        foreach (string line in lines)
        {
            text.Detail($"# {line}");
        }

        IReadOnlyList<string> found = [];
        bool isNamed = Condition.Holds(
            () => (found = Find()).Contains(fault.Row), s_patience, cancellation);
        text.Step(isNamed, "doctor", isNamed ? $"names {fault.Row}" : $"does not name {fault.Row}");
        foreach (string line in site.Examine(overlay).Output.TrimEnd().Split('\n'))
        {
            text.Line($"  {line}");
        }

        return new BreakReport(fault.Name, fault.Row, fault.What, lines, found, isNamed);
    }

    // What it has started has to end; the rest goes with the lab, and does not hide why the fault could not be put in.
    private void Mend(LabFault fault)
    {
        try
        {
            site.Mend(fault);
        }
        catch (LabException problem)
        {
            text.Step(false, "mend", problem.Message);
        }
    }

    private IReadOnlyList<string> Find()
    {
        CommandResult result = site.Examine(overlay, "--json");
        try
        {
            using var report = JsonDocument.Parse(result.Output);
            return
            [
                .. report.RootElement.GetProperty("findings").EnumerateArray()
                    .Select(finding => finding.GetProperty("id").GetString() ?? "").Distinct(),
            ];
        }
        catch (JsonException)
        {
            throw new LabException($"the doctor says nothing: {result.Reason}", result.Error);
        }
    }
}

/// <summary>What <c>--break</c> has come to.</summary>
/// <param name="Name">Of the fault.</param>
/// <param name="Row">What the doctor has to find: an id of docs/doctor.md.</param>
/// <param name="What">What was done to the host.</param>
/// <param name="Lines">The shell lines that did it.</param>
/// <param name="Found">The ids of what the doctor has found.</param>
/// <param name="Named">Whether the row is among them.</param>
internal sealed record BreakReport(
    string Name, string Row, string What, IReadOnlyList<string> Lines, IReadOnlyList<string> Found, bool Named);
