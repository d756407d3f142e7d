using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Overlay.Lab;

/// <summary>What a finished command left: its exit code and its two streams.</summary>
/// <param name="ExitCode">128 + N after signal N.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Exit code 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>The first line of standard error, or the exit code when there is none.</summary>
    public string Reason =>
        Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault()
        ?? $"exit code {ExitCode}";
}

/// <summary>Runs other programs away from the terminal's signals.</summary>
public static class ChildCommand
{
    // A terminal sends Ctrl-C to the whole foreground group. A session of its own keeps it from a child, so that
    // clean-up is never cut short and a lab that is kept outlives its terminal. Without setsid(1) the signals are
    // ignored instead.
    private const string Detach =
        "if command -v setsid >/dev/null 2>&1; then exec setsid \"$@\"; else trap '' INT QUIT HUP; exec \"$@\"; fi";

    // 128 + SIGHUP, SIGINT and SIGQUIT: what a terminal sends.
    private static readonly int[] s_endedByTerminal = [129, 130, 131];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Where a program that can be executed is.</summary>
    /// <param name="name">Its file's name.</param>
    /// <returns>Null when it is not installed.</returns>
    public static string? Find(string name)
    {
        // The administrator's directories are not on every user's PATH, and sudo may keep the user's.
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(file => File.Exists(file) && (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0);
    }

    /// <summary>Starts <paramref name="words"/> with both streams appended to <paramref name="logFile"/>.</summary>
    /// <returns>The process; its id is the command's own, because nothing on the way forks.</returns>
    public static Process StartLogged(IEnumerable<string> words, string logFile)
    {
        var start = new ProcessStartInfo("/bin/sh");
        Add(start, ["-c", $"exec >>\"$0\" 2>&1 </dev/null; {Detach}", logFile]);
        Add(start, words);
        return Start(start);
    }

    /// <summary>Runs <paramref name="words"/> to the end.</summary>
    /// <param name="words">The program and its arguments.</param>
    /// <param name="input">Its standard input; must fit a pipe together with nothing read, as a batch of commands
    /// does.</param>
    /// <exception cref="LabException">It could not be started, or ran for longer than 60 s.</exception>
    public static CommandResult Run(IReadOnlyList<string> words, string input = "")
    {
        // Ctrl-C may reach the shell before it has left the terminal. Then the command has not begun, and it must still
        // run: it may be one that cleans up. How often is bounded by how fast a user can press.
        const int Attempts = 8;
        for (int attempt = 1; ; attempt++)
        {
            CommandResult result = RunOnce(words, input);
            if (attempt == Attempts || !s_endedByTerminal.Contains(result.ExitCode))
            {
                return result;
            }
        }
    }

    /// <summary>Sends a signal by process id. A process that is gone is no error.</summary>
    /// <param name="signal"><c>TERM</c> or <c>KILL</c>.</param>
    /// <param name="processIds">Nothing happens when there are none.</param>
    public static void Signal(string signal, IReadOnlyCollection<int> processIds)
    {
        if (processIds.Count > 0)
        {
            // The shell's own kill: procps need not be installed. One command each, so that a missing one stops
            // nothing.
            _ = Run(
                ["/bin/sh", "-c", "for pid; do kill -\"$0\" \"$pid\"; "
                    + "done", signal, .. processIds.Select(id => $"{id}")]);
        }
    }

    private static CommandResult RunOnce(IReadOnlyList<string> words, string input)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Add(start, ["-c", Detach, "sh"]);
        Add(start, words);
        using Process process = Start(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code says more than a broken pipe.
        }

        if (!process.WaitForExit(s_patience))
        {
            process.Kill();
            throw new LabException($"{string.Join(' ', words)}: still running after {s_patience.TotalSeconds:0} s");
        }

        return new CommandResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static Process Start(ProcessStartInfo start) =>
        Process.Start(start) ?? throw new LabException("/bin/sh could not be started");

    private static void Add(ProcessStartInfo start, IEnumerable<string> words)
    {
        foreach (string word in words)
        {
            start.ArgumentList.Add(word);
        }
    }
}
