using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Overlay.Linux;

namespace Overlay.Terminal;

/// <summary>Standard error of a program that must end even when nobody reads it.</summary>
public static class StandardError
{
    // Whoever leaves it full for so long does not read.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(0.3);

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    /// <summary>Writes one line, with everything masked that a terminal would act on.</summary>
    public static void WriteLine(string line) =>
        Attempt(() => Console.Error.WriteLine(TerminalText.Mask(line)));

    /// <summary>
    /// Runs what writes to standard error, and gives up when it cannot be written, or is full for 0.3 s because nobody
    /// reads. A writer that only waits for a processor is waited for.
    /// </summary>
    public static void Attempt(Action write)
    {
        var writer = new Thread(() =>
        {
            try
            {
                write();
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // The exit code still says that something is wrong.
            }
        })
        {
            IsBackground = true, // a pipe that nobody reads does not keep the process
        };
        writer.Start();
        long? fullSince = null;
        while (!writer.Join(s_look))
        {
            if (Readiness.IsStandardErrorWritable())
            {
                fullSince = null;
            }
            else if (Stopwatch.GetElapsedTime(fullSince ??= Stopwatch.GetTimestamp()) >= s_patience)
            {
                return;
            }
        }
    }
}
