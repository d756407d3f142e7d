using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Lab;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>A child process whose two streams are kept line by line.</summary>
internal sealed class RunningProgram : IDisposable
{
    // A shell starts background commands with SIGINT ignored, nohup(1) with SIGHUP, which every program started from
    // there inherits: the tests too.
    private static readonly string[] s_resetSignals =
        IsIgnored(1) || IsIgnored(2) ? ["env", "--default-signal=HUP,INT,QUIT"] : [];

    private readonly Process _process;
    private readonly Lock _reading = new();
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];

    private bool _disposed;

    private RunningProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
    }

    /// <summary>The daemon under test: what OVERLAY_DAEMON names, otherwise what the build has left.</summary>
    internal static string OverlayPath { get; } =
        Environment.GetEnvironmentVariable(DaemonProgram.Variable) is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Find("Overlay.Daemon", "overlay");

    /// <summary>The demo's executable, as the build has left it.</summary>
    internal static string DemoPath { get; } = Find("Overlay.Demo", "overlay-demo");

    /// <summary>The benchmark's executable, as the build has left it.</summary>
    internal static string BenchPath { get; } = Find("Overlay.Bench", "overlay-bench");

    /// <summary>The process id.</summary>
    internal int Id { get; private set; }

    internal bool HasExited => _disposed || _process.HasExited;

    /// <summary>When it was started, for <see cref="Stopwatch.GetElapsedTime(long)"/>.</summary>
    internal long Started { get; private init; }

    internal IReadOnlyList<string> Output => Copy(_output);

    /// <summary>Standard error: a daemon's log.</summary>
    internal IReadOnlyList<string> Errors => Copy(_errors);

    /// <summary>
    /// Starts it; nothing on the way to <paramref name="words"/> may fork, or the id would be another's.
    /// </summary>
    internal static RunningProgram Start(IReadOnlyList<string> words)
    {
        words = [.. s_resetSignals, .. words];
        var start = new ProcessStartInfo(words[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[DaemonProgram.Variable] = OverlayPath; // for the demo and the benchmark
        foreach (string word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        var program = new RunningProgram(new Process { StartInfo = start }) { Started = Stopwatch.GetTimestamp() };
        Assert.True(program._process.Start());
        program.Id = program._process.Id;
        program._process.StandardInput.Close();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        return program;
    }

    // proc(5): SigIgn is a mask in hexadecimal, signal 1 being its lowest bit.
    private static bool IsIgnored(int signal)
    {
        string mask = File.ReadLines(
            "/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim();
        return (Convert.ToUInt64(mask, 16) & (1UL << (signal - 1))) != 0;
    }

    /// <summary>Waits for a line of standard error, and fails the test when it does not come.</summary>
    /// <param name="part">What the line contains.</param>
    /// <param name="within">How long at most; null for <see cref="TestLab.Patience"/>.</param>
    internal void AwaitError(string part, TimeSpan? within = null)
    {
        _ = Condition.Holds(() => HasExited || HasError(part), within ?? TestLab.Patience);
        Assert.True(HasError(part), $"no line with \"{part}\"; the last lines are:\n{Tail()}");
    }

    /// <summary>Sends a signal by its name without SIG.</summary>
    internal void Signal(string name) => ChildCommand.Signal(name, [Id]);

    /// <summary>Waits for its end and the end of its streams.</summary>
    /// <param name="within">
    /// Afterwards it is killed and the test fails; null for <see cref="TestLab.Patience"/>.
    /// </param>
    internal CommandResult WaitForExit(TimeSpan? within = null)
    {
        TimeSpan longest = within ?? TestLab.Patience;
        if (!_process.WaitForExit(longest))
        {
            Kill();
            Assert.Fail($"still running after {longest.TotalSeconds:0} s; its last lines:\n{Tail()}");
        }

        _process.WaitForExit(); // the streams, too
        return new CommandResult(_process.ExitCode, string.Join('\n', Output), string.Join('\n', Errors));
    }

    /// <summary>Ends it at once.</summary>
    internal void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
    }

    /// <summary>The last lines of standard error.</summary>
    internal string Tail(int lines = 12) => string.Join('\n', Errors.TakeLast(lines));

    /// <summary>Ends it if it still runs; its lines can be read afterwards.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            Kill();
            _disposed = true;
            _process.Dispose();
        }
    }

    private static string Find(string project, string name)
    {
        // artifacts/bin/Overlay.Netns.Tests/release → artifacts/bin/PROJECT/release
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string path = Path.GetFullPath(
            Path.Combine(AppContext.BaseDirectory, "../..", project, configuration, name));
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing; build it: ./dev build");
    }

    private bool HasError(string part) => Errors.Any(line => line.Contains(part, StringComparison.Ordinal));

    private void Keep(List<string> lines, string? line)
    {
        if (line is not null)
        {
            lock (_reading)
            {
                lines.Add(line);
            }
        }
    }

    private string[] Copy(List<string> lines)
    {
        lock (_reading)
        {
            return [.. lines];
        }
    }
}
