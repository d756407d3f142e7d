using System;
using System.IO;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;

namespace Overlay.Daemon.Start;

/// <summary>Has subnet.env written again as soon as somebody removes it (inotify(7)).</summary>
/// <remarks>
/// While it cannot be written that is tried again each second: no event tells that there is room. What is missed, for
/// want of a directory to watch say, is found by the periodic repair.
/// </remarks>
internal sealed class SubnetFileWatch : IDisposable
{
    // Whoever removes a directory with everything in it is let finish.
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(1);

    private readonly SubnetFile _file;
    private readonly ILogger _log;
    private readonly Timer _timer;
    private readonly Lock _changing = new();

    private FileSystemWatcher? _watcher;
    private bool _isUnwatched; // and that is said
    private bool _isDisposed;

    /// <summary>Begins.</summary>
    /// <param name="file">Published.</param>
    /// <param name="log">Gets a line when the kernel refuses.</param>
    internal SubnetFileWatch(SubnetFile file, ILogger log)
    {
        (_file, _log) = (file, log);
        _timer = new Timer(_ => Repair(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        lock (_changing)
        {
            Listen();
        }

        file.Refused = () => Wake(s_again);
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        lock (_changing)
        {
            _isDisposed = true;
            _watcher?.Dispose();
        }

        _timer.Dispose();
    }

    private void Repair()
    {
        lock (_changing)
        {
            if (!_isDisposed)
            {
                _ = _file.Repair();
                Listen(); // the directory may be another one of the same name
                if (!_file.Repair()) // what was removed between the two
                {
                    Wake(s_again);
                }
            }
        }
    }

    private void Listen()
    {
        _watcher?.Dispose();
        _watcher = null;
        string directory = Path.GetDirectoryName(Path.GetFullPath(_file.FilePath)) ?? "/";
        string name = Path.GetFileName(_file.FilePath);
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory, name) { NotifyFilter = NotifyFilters.FileName };
            watcher.Deleted += (_, _) => Wake(s_settle);
            watcher.Renamed += (_, change) =>
            {
                if (change.OldName == name)
                {
                    Wake(s_settle);
                }
            };
            watcher.EnableRaisingEvents = true;
            (_watcher, _isUnwatched) = (watcher, false);
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            if (!_isUnwatched)
            {
                _isUnwatched = true;
                Log.SubnetFileUnwatched(_log, directory, problem.Message.TrimEnd('.'));
            }
        }
    }

    private void Wake(TimeSpan after)
    {
        try
        {
            _ = _timer.Change(after, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // the daemon ends
        }
    }
}
