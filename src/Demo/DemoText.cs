using System;
using System.IO;
using Overlay.Terminal;

namespace Overlay.Demo;

/// <summary>The demo's lines: marks, labels and arrows in what the terminal can show.</summary>
/// <remarks>A reader that has gone away never stops the demo: it has to clean up after itself.</remarks>
internal sealed class DemoText
{
    private const int LabelWidth = 9;

    private readonly TextWriter _output;
    private readonly bool _unicode;
    private readonly bool _colour;

    /// <summary>Writes to <paramref name="output"/>.</summary>
    /// <param name="output">Where the story goes; <see cref="TextWriter.Null"/> for none.</param>
    /// <param name="unicode">Whether it takes more than ASCII.</param>
    /// <param name="colour">Whether it takes colour.</param>
    internal DemoText(TextWriter output, bool unicode, bool colour)
    {
        _output = output;
        _unicode = unicode;
        _colour = colour;
    }

    /// <summary>A middle dot, or a comma.</summary>
    internal string Separator => _unicode ? " · " : ", ";

    /// <summary>An arrow to the right.</summary>
    internal string Arrow => _unicode ? "→" : "->";

    /// <summary>Fits the terminal that standard output is.</summary>
    internal static DemoText For(TextWriter output) => new(
        output,
        TerminalText.IsUnicode(Environment.GetEnvironmentVariable),
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    /// <summary>A step that passed, or did not.</summary>
    internal void Step(bool passed, string label, string text) =>
        Line($"{Mark(passed)} {label.PadRight(LabelWidth)} {text}");

    /// <summary>What belongs to the step above.</summary>
    internal void Detail(string text) => Line($"  {new string(' ', LabelWidth)} {text}");

    /// <summary>Two hosts and the wire between them.</summary>
    internal void Picture(HostReport left, HostReport right, DemoBackend backend)
    {
        foreach (string line in DemoPicture.Lines(left, right, backend, _unicode))
        {
            Line($"  {line}");
        }
    }

    /// <summary>A line as it is.</summary>
    internal void Line(string text)
    {
        try
        {
            _output.WriteLine(text);
        }
        catch (IOException)
        {
            // The terminal or the pipe is gone.
        }
    }

    private string Mark(bool passed) => (passed, _unicode, _colour) switch
    {
        (true, true, true) => "\e[32m✓\e[0m",
        (true, true, false) => "✓",
        (true, false, _) => "ok ",
        (false, true, true) => "\e[31m✗\e[0m",
        (false, true, false) => "✗",
        (false, false, _) => "NO ",
    };
}
