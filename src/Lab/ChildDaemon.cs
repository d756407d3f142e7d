using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;

namespace Overlay.Lab;

/// <summary>How a daemon ended.</summary>
/// <param name="ExitCode">0 when it stopped as asked; 137 when it had to be killed.</param>
/// <param name="Took">From SIGTERM to the end of it and of those waited for before it: an upper bound.</param>
public sealed record DaemonEnd(int ExitCode, TimeSpan Took);

/// <summary>A real daemon, as a child process inside a pretend host.</summary>
public sealed class ChildDaemon : IDisposable
{
    private readonly HostPlan _host;
    private readonly Process _process;

    // Of the subnet file before the start: a daemon that was killed leaves its file, and only a new one means ready.
    private readonly DateTime _lastWritten;

    private ChildDaemon(HostPlan host, Process process, DateTime lastWritten)
    {
        _host = host;
        _process = process;
        _lastWritten = lastWritten;
    }

    /// <summary>The process id, the daemon's own.</summary>
    public int Id => _process.Id;

    /// <summary>Starts one, in the host's namespace; it is ready later.</summary>
    /// <param name="ip">Enters the namespace.</param>
    /// <param name="program">The daemon's executable, as words.</param>
    /// <param name="host">Which host.</param>
    /// <param name="arguments">More arguments for <c>run</c>, the lease store's among them.</param>
    public static ChildDaemon Start(
        IpCommand ip, IReadOnlyList<string> program, HostPlan host, IReadOnlyList<string> arguments)
    {
        IReadOnlyList<string> words =
        [
            "netns", "exec", host.HostNamespace, .. program, "run",
            "--iface", "eth0",
            "--subnet-file", host.SubnetFile,
            "--run-dir", host.RunDirectory,
            .. arguments,
        ];
        DateTime lastWritten = File.GetLastWriteTimeUtc(host.SubnetFile);
        Process process = ip.StartLogged(words, host.LogFile);
        File.WriteAllText(host.PidFile, process.Id.ToString(CultureInfo.InvariantCulture));
        return new ChildDaemon(host, process, lastWritten);
    }

    /// <summary>Waits for the subnet file, which is written when the daemon is ready.</summary>
    /// <exception cref="LabException">The daemon ended, or was not ready in time; its log's end is the
    /// evidence.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public SubnetFacts WaitUntilReady(TimeSpan within, CancellationToken cancellation)
    {
        bool answered = Condition.Holds(() => IsReady() || _process.HasExited, within, cancellation);
        if (IsReady())
        {
            return SubnetFacts.Read(_host.SubnetFile);
        }

        throw new LabException(
            answered
                ? $"the daemon of {_host.Name} ended with exit code {_process.ExitCode} before it was ready"
                : $"the daemon of {_host.Name} was not ready after {within.TotalSeconds:0} s",
            LogTail(_host.LogFile));
    }

    /// <summary>Asks all of them to stop at once and waits; one that will not is killed.</summary>
    /// <param name="daemons">Those that have ended already are only asked for their exit code.</param>
    /// <param name="within">How long each may take.</param>
    public static IReadOnlyList<DaemonEnd> StopAll(IReadOnlyList<ChildDaemon> daemons, TimeSpan within)
    {
        long began = Stopwatch.GetTimestamp();
        ChildCommand.Signal(
            "TERM", [.. daemons.Where(daemon => !daemon._process.HasExited).Select(daemon => daemon.Id)]);
        return [.. daemons.Select(daemon => daemon.End(began, within))];
    }

    /// <summary>How it ended, with the end of its log; null while it runs.</summary>
    public string? ExitReport() => _process.HasExited
        ? $"the daemon of {_host.Name} has ended with exit code {_process.ExitCode}\n{LogTail(_host.LogFile)}"
        : null;

    /// <summary>The last lines of a daemon's log.</summary>
    /// <returns>Null when there is none.</returns>
    public static string? LogTail(string logFile, int lines = 8) => File.Exists(logFile)
        ? string.Join('\n', File.ReadLines(logFile).TakeLast(lines)) is { Length: > 0 } text ? text : null
        : null;

    /// <summary>Lets go of the process without ending it.</summary>
    public void Dispose() => _process.Dispose();

    private bool IsReady() =>
        File.Exists(_host.SubnetFile) && File.GetLastWriteTimeUtc(_host.SubnetFile) != _lastWritten;

    private DaemonEnd End(long began, TimeSpan within)
    {
        TimeSpan left = within - Stopwatch.GetElapsedTime(began);
        if (!_process.WaitForExit(left > TimeSpan.Zero ? left : TimeSpan.Zero))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        return new DaemonEnd(_process.ExitCode, Stopwatch.GetElapsedTime(began));
    }
}
