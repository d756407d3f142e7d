using System;
using System.Globalization;
using System.IO;

namespace Overlay.Daemon;

/// <summary>One daemon's directory: a lock that ends with the process, its process id, the counters socket, and the snapshot of leases.</summary>
internal sealed class RunDirectory : IDisposable
{
    private const string LockName = "lock";
    private const string ProcessIdName = "pid";

    private readonly FileStream _lock;

    private RunDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The directory, absolute.</summary>
    internal string Path { get; }

    /// <summary>Creates the directory where it is missing and takes its lock.</summary>
    /// <exception cref="OperatorException">Another daemon has it, or it cannot be written.</exception>
    internal static RunDirectory Take(string path)
    {
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(path);
            held = LockFile.TryHold(System.IO.Path.Combine(path, LockName))
                ?? throw new OperatorException($"another overlay (process {Holder(path)}) runs with --run-dir {path}; stop it, or choose another --run-dir");
            File.WriteAllText(
                System.IO.Path.Combine(path, ProcessIdName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return new RunDirectory(path, held);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if (held is not null)
            {
                Leftover.Delete(System.IO.Path.Combine(path, ProcessIdName));
                held.Dispose();
            }

            throw new OperatorException($"could not use the run directory {path}: {refused.Message.TrimEnd('.')}; run as root, or choose another --run-dir", refused);
        }
    }

    /// <summary>Releases the lock. Its file stays: removing it would race with the next holder.</summary>
    public void Dispose()
    {
        Leftover.Delete(System.IO.Path.Combine(Path, ProcessIdName));
        _lock.Dispose();
    }

    private static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(path, ProcessIdName)).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "unknown";
        }
    }
}
