using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Doctor.Findings;
using Overlay.Doctor.Remedies;
using Overlay.Health;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Doctor.Tests;

public sealed class FixRunTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly List<string> _ran = [];

    [Fact]
    public void What_was_agreed_to_is_run_in_order_and_each_once_and_what_is_no_command_is_not()
    {
        FixRun fix = new(_output, Run);

        Assert.True(fix.Run(
            [Found("A1", "good one"), Found("A2", "good one"), Found("A3", "call somebody", isCommand: false),
                Found("A4", "bad one")],
            count => count == 2));

        Assert.Equal(["good one", "bad one"], _ran);
        Assert.Contains("done: good one", _output.ToString());
        Assert.Contains("failed (no such thing): bad one", _output.ToString());
    }

    [Fact]
    public void Nothing_is_run_that_was_not_agreed_to()
    {
        Assert.False(new FixRun(_output, Run).Run([Found("A1", "good one")], _ => false));

        Assert.Empty(_ran);
        Assert.Contains("nothing is changed", _output.ToString());
    }

    [Fact]
    public void Nobody_is_asked_where_nothing_can_be_run()
    {
        Assert.False(new FixRun(_output, Run).Run(
            [Found("A1", "call somebody", isCommand: false)], _ => throw new InvalidDataException("asked")));

        Assert.Empty(_ran);
    }

    public void Dispose() => _output.Dispose();

    private static Finding Found(string id, string fix, bool isCommand = true) => new(
        new Row(id, "code", HealthSeverity.Error, "what", "source"), "", "why", fix) { IsCommand = isCommand };

    private ProgramEnd Run(string line)
    {
        _ran.Add(line);
        return line.StartsWith("bad", StringComparison.Ordinal)
            ? new ProgramEnd("sh", 1, "", "no such thing\nmore")
            : new ProgramEnd("sh", 0, "", "");
    }
}
