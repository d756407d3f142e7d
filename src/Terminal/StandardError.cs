using System;
using System.IO;
using System.Threading;

namespace Overlay.Terminal;

/// <summary>Standard error of a program that must end even when nobody reads it.</summary>
public static class StandardError
{
    // A reader that reads at all has taken a line by then.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(0.3);

    /// <summary>Writes one line, with everything masked that a terminal would act on.</summary>
    public static void WriteLine(string line) =>
        Attempt(() => Console.Error.WriteLine(TerminalText.Mask(line)));

    /// <summary>
    /// Runs what writes to standard error, and gives up when it cannot be written or nobody reads for 0.3 s.
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
        _ = writer.Join(s_patience);
    }
}
