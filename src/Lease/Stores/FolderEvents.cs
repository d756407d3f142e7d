using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease;

/// <summary>Why a wait ended.</summary>
/// <param name="IsTimeout">Nothing was announced.</param>
/// <param name="Names">The files to look at; null means all of them.</param>
internal readonly record struct FolderWake(bool IsTimeout, IReadOnlyCollection<string>? Names);

/// <summary>
/// Collects the names of changed files from inotify(7). A hint and no more: events get lost (a full queue, a change
/// made on another host of a network mount, a directory replaced), so every wait ends after a while and then asks for
/// all files.
/// </summary>
internal sealed class FolderEvents(string directory, TimeProvider time, Action<string> warn) : IDisposable
{
    // Beyond this, listing the directory is cheaper than looking at each name.
    private const int MostNames = 4096;

    private readonly Lock _gate = new();
    private HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _isEverything;
    private bool _cannotWatchIsReported;
    private TaskCompletionSource _signal = NewSignal();
    private FileSystemWatcher? _watcher;

    /// <summary>False to do without inotify.</summary>
    internal bool IsEnabled { get; init; } = true;

    /// <summary>How long a wait goes on collecting after the first event, so that a burst is one wake.</summary>
    internal TimeSpan Settle { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How many names the next wake will carry so far.</summary>
    internal int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _names.Count;
            }
        }
    }

    /// <summary>Starts to listen, anew if it did before. Changes before this call may go unannounced.</summary>
    internal void Arm()
    {
        Disarm();
        if (!IsEnabled)
        {
            return;
        }

        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite,
            };
            watcher.Created += (_, e) => Add(e.Name);
            watcher.Changed += (_, e) => Add(e.Name);
            watcher.Deleted += (_, e) => Add(e.Name);
            watcher.Renamed += (_, e) =>
            {
                Add(e.OldName);
                Add(e.Name);
            };
            watcher.Error += (_, _) => AddEverything();
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            // ArgumentException: the directory is not there, which the next look reports. Else a limit was reached.
            if (e is not ArgumentException && !_cannotWatchIsReported)
            {
                _cannotWatchIsReported = true;
                warn($"{directory} cannot be watched ({OneLine.Shorten(e.Message)}): changes are found by reading it "
                    + "periodically; raise fs.inotify.max_user_instances or fs.inotify.max_user_watches");
            }
        }
    }

    /// <summary>Stops to listen.</summary>
    internal void Disarm()
    {
        _watcher?.Dispose();
        _watcher = null;
    }

    /// <summary>Makes the next wait end soon and ask for all files.</summary>
    internal void AddEverything()
    {
        lock (_gate)
        {
            _isEverything = true;
            _signal.TrySetResult();
        }
    }

    /// <summary>Waits for an event, and then a little for those that follow it.</summary>
    internal async Task<FolderWake> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task signal;
        lock (_gate)
        {
            signal = _signal.Task;
        }

        try
        {
            await signal.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new FolderWake(IsTimeout: true, Names: null);
        }

        await Task.Delay(Settle, time, cancellationToken);
        lock (_gate)
        {
            FolderWake wake = new(IsTimeout: false, _isEverything || _names.Count > MostNames ? null : _names);
            _names = new(StringComparer.Ordinal);
            _isEverything = false;
            _signal = NewSignal();
            return wake;
        }
    }

    public void Dispose() => Disarm();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(string? name)
    {
        // Temporary files come and go with every write; the rename to the real name follows.
        if (string.IsNullOrEmpty(name) || name[0] == '.')
        {
            return;
        }

        lock (_gate)
        {
            _names.Add(name);
            _signal.TrySetResult();
        }
    }
}
