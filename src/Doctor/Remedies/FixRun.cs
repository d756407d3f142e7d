using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Doctor.Findings;
using Overlay.Terminal;

namespace Overlay.Doctor.Remedies;

/// <summary>Runs the commands that findings name, once they were shown and agreed to.</summary>
/// <param name="output">Gets what is about to be done, and what has become of it.</param>
/// <param name="run">Runs a line by the shell.</param>
internal sealed class FixRun(TextWriter output, Func<string, ProgramEnd> run)
{
    /// <summary>Runs a line by /bin/sh.</summary>
    /// <exception cref="OperatorException">It has not ended within 10 s, or there is no shell.</exception>
    internal static ProgramEnd RunByShell(string line) =>
        HostProgram.Require("sh", "dash").Run("", "-c", line);

    /// <summary>Shows, asks, runs.</summary>
    /// <param name="findings">Those without a command are left to whoever reads them.</param>
    /// <param name="ask">Whether to go on, for so many commands.</param>
    /// <returns>Whether anything was run.</returns>
    internal bool Run(IReadOnlyList<Finding> findings, Func<int, bool> ask)
    {
        string[] commands =
            [.. findings.Where(finding => finding.IsCommand).Select(finding => finding.Fix).Distinct()];
        if (commands.Length == 0)
        {
            output.WriteLine("nothing that was found is mended by a command alone");
            return false;
        }

        foreach (Finding finding in findings.Where(finding => finding.IsCommand))
        {
            output.WriteLine(TerminalText.Mask($"{finding.Row.Id,-3} {finding.Fix}"));
        }

        if (!ask(commands.Length))
        {
            output.WriteLine("nothing is changed");
            return false;
        }

        foreach (string command in commands)
        {
            output.WriteLine(TerminalText.Mask($"{Outcome(command)}: {command}"));
        }

        output.WriteLine();
        return true;
    }

    private string Outcome(string command)
    {
        try
        {
            ProgramEnd end = run(command);
            string said = end.Error.Trim().Split('\n')[0];
            return end.ExitCode == 0 ? "done"
                : said.Length > 0 ? $"failed ({said})"
                : $"failed (exit code {end.ExitCode})";
        }
        catch (OperatorException problem)
        {
            return $"failed ({problem.Message})";
        }
    }
}
