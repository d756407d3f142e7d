using System;
using System.Globalization;
using System.IO;

namespace Overlay.Daemon;

/// <summary>One daemon's directory: a lock that ends with the process, and the counters socket.</summary>
internal sealed class RunDirectory : IDisposable
{
    private const string LockName = "lock";

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
        string lockPath = System.IO.Path.Combine(path, LockName);
        try
        {
            Directory.CreateDirectory(path);

            // Sharing reads lets the loser say who holds it; the kernel drops the lock (flock(2)) when the holder dies.
            var held = new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            try
            {
                held.SetLength(0);
                held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
                held.Flush();
                return new RunDirectory(path, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (IOException) when (TryReadHolder(lockPath, out string holder))
        {
            throw new OperatorException($"another overlay (process {holder}) runs with --run-dir {path}; stop it, or give this one another --run-dir and namespace");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"could not use the run directory {path}: {refused.Message.TrimEnd('.')}; run as root, or choose another --run-dir", refused);
        }
    }

    /// <summary>Releases the lock. The file stays: removing it would race with the next holder.</summary>
    public void Dispose() => _lock.Dispose();

    private static bool TryReadHolder(string lockPath, out string holder)
    {
        holder = string.Empty;
        try
        {
            using var reader = new StreamReader(new FileStream(lockPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            holder = reader.ReadToEnd().Trim();
            return int.TryParse(holder, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                && Directory.Exists($"/proc/{process}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
