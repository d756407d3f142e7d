using System;
using System.Diagnostics;
using System.IO;

namespace Overlay.Terminal;

/// <summary>
/// A program of the host's that runs until it is disposed of, or until this process ends, however that comes: the end
/// of its standard input tells it.
/// </summary>
public sealed class FollowedProgram : IDisposable
{
    private static readonly TimeSpan s_endWithin = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly StreamWriter _input;

    /// <param name="process">Has just been started; its streams are redirected. It ends with its input.</param>
    /// <param name="take">Gets each line of its standard output.</param>
    internal FollowedProgram(Process process, Action<string> take)
    {
        _process = process;
        _input = process.StandardInput;
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

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Writes a line to its standard input; one that has ended reads none.</summary>
    public void Tell(string line)
    {
        try
        {
            _input.WriteLine(line);
            _input.Flush();
        }
        catch (IOException)
        {
            // HasEnded says so.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _input.Dispose();
        }
        catch (IOException)
        {
            // What it did not read any more is nobody's.
        }

        if (!_process.WaitForExit(s_endWithin))
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
