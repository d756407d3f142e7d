using System;
using System.IO;
using Overlay.Terminal;

namespace Overlay.Operator.Status;

/// <summary>Colours words where a person sees them (no-color.org).</summary>
/// <param name="isOn">Whether it does.</param>
internal readonly struct Ink(bool isOn)
{
    /// <summary>Ends every colour.</summary>
    internal const string End = "\u001b[0m";

    /// <summary>No colour.</summary>
    internal static Ink None => new(isOn: false);

    /// <summary>On for a terminal that shows colours, unless NO_COLOR is set.</summary>
    internal static Ink Of(TextWriter output) => new(
        TextTable.WidthOf(output) != TextTable.Unlimited
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"));

    /// <summary>Of what is as it should be.</summary>
    internal string Good(string text) => Paint(text, "32");

    /// <summary>Of what wants looking at.</summary>
    internal string Doubtful(string text) => Paint(text, "33");

    /// <summary>Of what is wrong.</summary>
    internal string Bad(string text) => Paint(text, "31");

    private string Paint(string text, string colour) => isOn ? $"\u001b[{colour}m{text}{End}" : text;
}
