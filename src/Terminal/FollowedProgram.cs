using System;
using System.Diagnostics;

namespace Overlay.Terminal;

/// <summary>A program of the host's that runs until it is disposed of, and whose lines somebody reads.</summary>
internal sealed class FollowedProgram : IDisposable
{
    private readonly Process _process;

    /// <param name="process">Has just been started; its outputs are redirected.</param>
    /// <param name="take">Gets each line of its standard output.</param>
    internal FollowedProgram(Process process, Action<string> take)
    {
        _process = process;
        process.StandardInput.Dispose();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                take(text);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine(); // so that it never waits for a reader
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.Kill();
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        _process.Dispose();
    }
}
