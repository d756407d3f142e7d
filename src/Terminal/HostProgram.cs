using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Terminal;

/// <summary>
/// A program of the host's, run by its absolute path, with nothing of this process's environment, and not for ever.
/// </summary>
public sealed class HostProgram
{
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // Where the older iptables has its lock (iptables(8)): whoever runs this daemon without root chooses another.
    private const string LockFileVariable = "XTABLES_LOCKFILE";

    // A program that waits for events does not see that whoever started it is gone: the kernel closes the pipe, however
    // that one ended. Ctrl-C of a terminal goes to all of them, and is not for the shell.
    private const string UntilEndOfInput = "trap '' INT QUIT; \"$@\" </dev/null & read -r _; kill $!; wait $!";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly CancellationToken _stop;

    private HostProgram(string path, CancellationToken stop) => (_path, _stop) = (path, stop);

    /// <summary>The lock of the older iptables.</summary>
    public static string IptablesLock =>
        Environment.GetEnvironmentVariable(LockFileVariable) is { Length: > 0 } chosen ? chosen : "/run/xtables.lock";

    /// <summary>Looks in the directories of PATH, then in the system's.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="stop">Ends it while it runs, and lets it not be started any longer.</param>
    /// <returns>Null when there is none that may be executed.</returns>
    public static HostProgram? Find(string name, CancellationToken stop = default)
    {
        string path = $"{Environment.GetEnvironmentVariable("PATH")}:{SystemPath}";
        string? file = path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathRooted)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(IsExecutable);
        return file is null ? null : new HostProgram(file, stop);
    }

    /// <summary>A program that is known by its path.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="stop">Ends it while it runs, and lets it not be started any longer.</param>
    public static HostProgram At(string path, CancellationToken stop = default) => new(path, stop);

    /// <summary>As <see cref="Find"/>.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="package">What a distribution calls the package it is in.</param>
    /// <param name="stop">Ends it while it runs, and lets it not be started any longer.</param>
    /// <exception cref="OperatorException">There is none.</exception>
    public static HostProgram Require(string name, string package, CancellationToken stop = default) =>
        Find(name, stop)
        ?? throw new OperatorException($"{name} is not installed; install the package {package}");

    /// <summary>Runs it to its end.</summary>
    /// <param name="input">For its standard input.</param>
    /// <param name="arguments">A word each.</param>
    /// <exception cref="OperatorException">It could not be started, or did not end within 10 s.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ProgramEnd Run(string input, params IReadOnlyList<string> arguments)
    {
        _stop.ThrowIfCancellationRequested();
        ProcessStartInfo start = Prepare(_path, arguments);
        try
        {
            using Process process = Process.Start(start)
                ?? throw new OperatorException($"{_path} could not be started");
            return RunToEnd(process, input);
        }
        catch (Win32Exception problem)
        {
            throw new OperatorException($"{_path} could not be started: {problem.Message}", problem);
        }
    }

    /// <summary>
    /// Starts it, and gives away each line of its output until what is returned is disposed of, or this process is
    /// gone.
    /// </summary>
    /// <param name="take">Gets a line, on any thread, one at a time.</param>
    /// <param name="arguments">A word each.</param>
    /// <returns>Ends the program.</returns>
    /// <exception cref="OperatorException">It could not be started.</exception>
    public FollowedProgram Follow(Action<string> take, params IReadOnlyList<string> arguments) =>
        Start("/bin/sh", take, ["-c", UntilEndOfInput, "sh", _path, .. arguments]);

    /// <summary>Starts it as one that is told line by line what to do, and that ends with its input.</summary>
    /// <param name="arguments">A word each.</param>
    /// <returns>Tells it, and ends it.</returns>
    /// <exception cref="OperatorException">It could not be started.</exception>
    public FollowedProgram Converse(params IReadOnlyList<string> arguments) => Start(_path, _ => { }, arguments);

    private static FollowedProgram Start(string path, Action<string> take, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = Prepare(path, arguments);
        start.Environment["HOME"] = "/dev/null"; // where no history of what it was told can be written
        try
        {
            return new FollowedProgram(
                Process.Start(start) ?? throw new OperatorException($"{path} could not be started"), take);
        }
        catch (Win32Exception problem)
        {
            throw new OperatorException($"{path} could not be started: {problem.Message}", problem);
        }
    }

    private static ProcessStartInfo Prepare(string path, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        string? lockFile = Environment.GetEnvironmentVariable(LockFileVariable);
        start.Environment.Clear();
        start.Environment["PATH"] = SystemPath;
        start.Environment["LC_ALL"] = "C";
        if (!string.IsNullOrEmpty(lockFile))
        {
            start.Environment[LockFileVariable] = lockFile;
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private ProgramEnd RunToEnd(Process process, string input)
    {
        using CancellationTokenRegistration stopping = _stop.Register(process.Kill);

        // Process.Dispose leaves streams that were handed out to their finalizers.
        using StreamReader outputStream = process.StandardOutput;
        using StreamReader errorStream = process.StandardError;
        Task<string> output = outputStream.ReadToEndAsync();
        Task<string> error = errorStream.ReadToEndAsync();
        try
        {
            using StreamWriter inputStream = process.StandardInput;
            inputStream.Write(input);
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code says more than a broken pipe.
        }

        bool hasEnded = process.WaitForExit(s_patience);
        _stop.ThrowIfCancellationRequested();
        if (!hasEnded)
        {
            process.Kill();
            throw new OperatorException($"{_path} has not ended within {s_patience.TotalSeconds:0} s and was stopped");
        }

        return new ProgramEnd(
            Path.GetFileName(_path), process.ExitCode, output.GetAwaiter().GetResult(),
            error.GetAwaiter().GetResult());
    }

    private static bool IsExecutable(string file)
    {
        try
        {
            return File.Exists(file) && (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
