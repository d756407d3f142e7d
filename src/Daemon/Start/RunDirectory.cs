using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// One daemon's directory: a lock that ends with the process, its process id, the control socket, and the snapshot of
/// leases.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    private const string LockName = "lock";
    private const string ProcessIdName = "pid";
    private const int LongestProcessId = 16; // bytes; far above /proc/sys/kernel/pid_max

    private readonly FileStream _lock;

    private RunDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The directory, absolute.</summary>
    internal string Path { get; }

    /// <summary>Creates the directory where it is missing and takes its lock.</summary>
    /// <exception cref="OperatorException">Another daemon has it, it cannot be written, or holds files of others under
    /// our names.</exception>
    internal static RunDirectory Take(string path)
    {
        FileStream? held = null;
        string processId = System.IO.Path.Combine(path, ProcessIdName);
        bool mayDelete = false;
        try
        {
            ControlServer.CheckPath(path);
            Directory.CreateDirectory(path);
            held = LockFile.TryHold(System.IO.Path.Combine(path, LockName))
                ?? throw new OperatorException(
                    $"another overlay (process {Holder(path)}) runs with --run-dir {path}; stop it, or choose "
                        + "another --run-dir");
            CheckProcessId(processId);
            mayDelete = true;
            File.WriteAllText(processId, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return new RunDirectory(path, held);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or OperatorException)
        {
            if (mayDelete)
            {
                Leftover.Delete(processId);
            }

            held?.Dispose();
            if (problem is OperatorException)
            {
                throw;
            }

            string remedy = problem is UnauthorizedAccessException ? "run as root, or choose" : "choose";
            throw new OperatorException(
                $"could not use the run directory {path}: {problem.Message.TrimEnd('.')}; {remedy} another --run-dir",
                problem);
        }
    }

    /// <summary>Releases the lock. Its file stays: removing it would race with the next holder.</summary>
    public void Dispose()
    {
        Leftover.Delete(System.IO.Path.Combine(Path, ProcessIdName));
        _lock.Dispose();
    }

    // What a daemon that was killed has left is replaced; what it cannot have left is somebody's.
    private static void CheckProcessId(string path)
    {
        FileNodeKind kind = FileNode.KindOf(path);
        bool isOurs = kind switch
        {
            FileNodeKind.None => true,
            FileNodeKind.Regular =>
                new FileInfo(path).Length <= LongestProcessId && File.ReadAllText(path).Trim().All(char.IsAsciiDigit),
            _ => false,
        };
        if (!isOurs)
        {
            throw new OperatorException(
                $"{path} is not overlay's: it holds no process id; remove it, or choose another --run-dir");
        }
    }

    private static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(path, ProcessIdName)).Trim();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }
}
