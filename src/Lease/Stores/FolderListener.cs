using System;
using System.IO;

namespace Overlay.Lease.Stores;

/// <summary>Has the kernel announce changes in a directory (inotify(7)). For one thread at a time.</summary>
/// <param name="directory">What to listen to. It need not exist yet.</param>
/// <param name="events">Gets the names.</param>
/// <param name="warn">Gets one line when the kernel refuses.</param>
internal sealed class FolderListener(string directory, FolderEvents events, Action<string> warn) : IDisposable
{
    private FileSystemWatcher? _watcher;
    private bool _refusalIsReported;

    /// <summary>Listens to the directory that has the name now. Changes before this call may be missed.</summary>
    internal void Listen()
    {
        Dispose();
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite,
            };
            watcher.Created += (_, change) => events.Add(change.Name);
            watcher.Changed += (_, change) => events.Add(change.Name);
            watcher.Deleted += (_, change) => events.Add(change.Name);
            watcher.Renamed += (_, change) =>
            {
                events.Add(change.OldName);
                events.Add(change.Name);
            };
            watcher.Error += (_, _) => events.AddEverything();
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            // ArgumentException: the directory is not there, which the next look reports. Else a limit was reached.
            if (problem is not ArgumentException && !_refusalIsReported)
            {
                _refusalIsReported = true;
                warn($"{directory} cannot be watched ({OneLine.Shorten(problem.Message)}): changes are found by "
                    + "reading it periodically; raise fs.inotify.max_user_instances or fs.inotify.max_user_watches");
            }
        }
    }

    /// <summary>Stops to listen.</summary>
    public void Dispose()
    {
        _watcher?.Dispose();
        _watcher = null;
    }
}
