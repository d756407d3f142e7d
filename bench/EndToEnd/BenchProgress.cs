using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace Overlay.Bench;

/// <summary>
/// What is being done, on one line of a terminal that is written over; nothing where there is no terminal.
/// </summary>
internal sealed class BenchProgress(TextWriter terminal, bool isTerminal, int steps, int rounds)
{
    private const string Clear = "\r\e[K";

    private long _firstStep;
    private int _done;
    private int _round;

    /// <summary>Shows nothing.</summary>
    internal static BenchProgress None { get; } = new(TextWriter.Null, isTerminal: false, 0, 0);

    /// <summary>A lab is being built.</summary>
    internal void Build(string variant) => Show($"building {variant}");

    /// <summary>A variant is run without being measured.</summary>
    internal void WarmUp(string variant) => Show($"warming up {variant}");

    /// <summary>A round begins.</summary>
    internal void BeginRound(int round) => _round = round;

    /// <summary>A measurement begins.</summary>
    internal void Step(string variant, string test)
    {
        if (_done == 0)
        {
            _firstStep = Stopwatch.GetTimestamp();
        }

        TimeSpan left = _done == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_firstStep) / _done * (steps - _done);
        string remaining = _done == 0 ? string.Empty : string.Create(
            CultureInfo.InvariantCulture, $", {left.TotalSeconds:0} s left");
        Show(string.Create(CultureInfo.InvariantCulture, $"round {_round} of {rounds}: {test} {variant} "
            + $"({_done * 100 / steps} %{remaining})"));
        _done++;
    }

    /// <summary>Takes the line away.</summary>
    internal void End()
    {
        if (isTerminal)
        {
            Write(Clear);
        }
    }

    private void Show(string text)
    {
        if (isTerminal)
        {
            Write(Clear + text);
        }
    }

    private void Write(string text)
    {
        try
        {
            terminal.Write(text);
        }
        catch (IOException)
        {
            // The terminal is gone; the run goes on, because its result may go elsewhere.
        }
    }
}
