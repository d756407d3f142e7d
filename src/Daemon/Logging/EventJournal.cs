using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Daemon.Logging;

/// <summary>The latest lines of the log, for whoever asks later or follows. Any thread.</summary>
/// <param name="capacity">How many are kept, 1 or more.</param>
internal sealed class EventJournal(int capacity = EventJournal.DefaultCapacity)
{
    /// <summary>Lines that are kept: hours of a quiet daemon, a few hundred kilobytes.</summary>
    internal const int DefaultCapacity = 1024;

    private readonly Lock _changing = new();
    private readonly Queue<LogLine> _lines = [];

    private long _next; // how many there were
    private TaskCompletionSource? _more;

    /// <summary>Keeps a line; the oldest goes for it.</summary>
    internal void Add(LogLine line)
    {
        TaskCompletionSource? more;
        lock (_changing)
        {
            if (_lines.Count == capacity)
            {
                _ = _lines.Dequeue();
            }

            _lines.Enqueue(line);
            _next++;
            (more, _more) = (_more, null);
        }

        more?.TrySetResult();
    }

    /// <summary>The last line; null before the first.</summary>
    internal LogLine? Latest
    {
        get
        {
            lock (_changing)
            {
                return _lines.LastOrDefault();
            }
        }
    }

    /// <summary>Lines from a position on.</summary>
    /// <param name="position">0 at first; then what the last call gave.</param>
    /// <returns>The lines that are kept; how many are missing before them; the position after them.</returns>
    internal (IReadOnlyList<LogLine> Lines, long Missed, long Next) Read(long position)
    {
        lock (_changing)
        {
            long oldest = _next - _lines.Count;
            long skip = position > oldest ? position - oldest : 0;
            LogLine[] lines = _lines.ToArray()[(int)skip..];
            return (lines, position < oldest ? oldest - position : 0, _next);
        }
    }

    /// <summary>Waits until there are lines from a position on.</summary>
    internal Task WaitAsync(long position, CancellationToken cancellation)
    {
        lock (_changing)
        {
            if (position < _next)
            {
                return Task.CompletedTask;
            }

            _more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _more.Task.WaitAsync(cancellation);
        }
    }
}
