using System;
using System.IO;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;

namespace Overlay.Daemon.Leases;

/// <summary>The file in the run directory that holds the latest <see cref="LeaseSnapshot"/>.</summary>
internal sealed class SnapshotFile
{
    private const string Name = "leases.json";

    // Ten thousand peers are 2 MB. What is far beyond is not ours, and is not read into memory.
    private const long MostBytes = 256 << 20;

    private readonly ILogger _log;

    private bool _isFailureReported;
    private bool _isClean; // of what daemons that were killed have left

    /// <param name="runDirectory">It exists, and nobody else uses it.</param>
    /// <param name="log">Gets a line when the file cannot be used.</param>
    internal SnapshotFile(string runDirectory, ILogger log)
    {
        Path = System.IO.Path.Combine(runDirectory, Name);
        _log = log;
    }

    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>The file.</summary>
    internal string Path { get; }

    /// <summary>Reads it.</summary>
    /// <param name="faultOf">Why a snapshot cannot be used, in words that follow <c>the snapshot …</c>; null when it
    /// can.</param>
    /// <returns>Null when there is none, or none that can be used; the second is one warning.</returns>
    internal LeaseSnapshot? Read(Func<LeaseSnapshot, string?> faultOf)
    {
        string? fault;
        try
        {
            if (!File.Exists(Path))
            {
                return null;
            }

            LeaseSnapshot snapshot = LeaseSnapshotJson.Read(RegularFile.ReadAllBytes(Path, MostBytes));
            fault = faultOf(snapshot);
            if (fault is null)
            {
                return snapshot;
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or FormatException)
        {
            fault = $"cannot be read ({problem.Message.TrimEnd('.')})";
        }

        Log.SnapshotUnusable(_log, Path, fault);
        return null;
    }

    /// <summary>
    /// Replaces it as a whole. A failure is one warning until the next success, and leaves what was there.
    /// </summary>
    internal void Write(LeaseSnapshot snapshot)
    {
        try
        {
            if (!_isClean)
            {
                // One daemon at a time has the run directory, so whoever has left them is gone; other files there are
                // not ours.
                AtomicFile.RemoveLeftovers(System.IO.Path.GetDirectoryName(Path)!, DateTimeOffset.MaxValue, Name);
                _isClean = true;
            }

            AtomicFile.Write(Path, LeaseSnapshotJson.Write(snapshot));
            _isFailureReported = false;
            Health.Clear(HealthCodes.SnapshotNotWritten, Path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Health.Raise(HealthCodes.SnapshotNotWritten, Path, problem.Message.TrimEnd('.'));
            if (!_isFailureReported)
            {
                _isFailureReported = true;
                Log.SnapshotNotWritten(_log, Path, problem.Message.TrimEnd('.'));
            }
        }
    }
}
