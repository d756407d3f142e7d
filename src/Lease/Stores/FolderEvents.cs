using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Stores;

/// <summary>Why a wait ended.</summary>
/// <param name="IsTimeout">Nothing was announced.</param>
/// <param name="Names">The files to look at; null means all of them.</param>
internal readonly record struct FolderWake(bool IsTimeout, IReadOnlyCollection<string>? Names);

/// <summary>
/// Collects the names of files whose change was announced, until a reader waits for them. Safe for several threads;
/// one waits.
/// </summary>
/// <remarks>
/// A hint and no more: events get lost (a full queue, a change made on another host of a network mount, a directory
/// replaced), so every wait ends after a while and then asks for all files.
/// </remarks>
internal sealed class FolderEvents(TimeProvider clock)
{
    // Beyond this, listing the directory is cheaper than looking at each name.
    private const int MostNames = 4096;

    private readonly Lock _gate = new();
    private HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _isEverything;
    private TaskCompletionSource _signal = NewSignal();

    /// <summary>How long a wait goes on collecting after the first event, so that a burst is one wake.</summary>
    internal static TimeSpan Settle { get; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A file has changed, is new or is gone.</summary>
    /// <param name="name">Without directory.</param>
    internal void Add(string? name)
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
    internal async Task<FolderWake> WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        Task signal;
        lock (_gate)
        {
            signal = _signal.Task;
        }

        try
        {
            await signal.WaitAsync(atMost, clock, cancellation);
        }
        catch (TimeoutException)
        {
            return new FolderWake(IsTimeout: true, Names: null);
        }

        await Task.Delay(Settle, clock, cancellation);
        lock (_gate)
        {
            var wake = new FolderWake(IsTimeout: false, _isEverything || _names.Count > MostNames ? null : _names);
            _names = new(StringComparer.Ordinal);
            _isEverything = false;
            _signal = NewSignal();
            return wake;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
