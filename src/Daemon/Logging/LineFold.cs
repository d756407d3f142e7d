using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;

namespace Overlay.Daemon.Logging;

/// <summary>
/// Lets the first three lines of the same words within a minute pass, and for the rest of them one when it is over,
/// with their count. Any thread.
/// </summary>
/// <param name="clock">Measures the minute.</param>
/// <param name="pass">Gets the lines, one at a time, in their order.</param>
internal sealed class LineFold(TimeProvider clock, Action<LogLine> pass) : IDisposable
{
    /// <summary>Lines of the same words that pass before the others are counted.</summary>
    internal const int MostAlike = 3;

    /// <summary>How long they are counted.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Lines of different words that are remembered. Beyond them lines pass: no log is to take all memory.
    private const int MostKinds = 256;

    private readonly Lock _folding = new();
    private readonly Dictionary<(int Id, string Text), Kind> _kinds = [];

    private ITimer? _timer;
    private bool _isTimed;

    /// <summary>Takes a line.</summary>
    internal void Take(LogLine line)
    {
        lock (_folding)
        {
            if (!_kinds.TryGetValue((line.Id, line.Text), out Kind? kind))
            {
                if (_kinds.Count < MostKinds || Forget())
                {
                    _kinds.Add((line.Id, line.Text), new Kind { Since = clock.GetTimestamp(), Passed = 1 });
                }

                pass(line);
                return;
            }

            if (kind.Held == 0 && clock.GetElapsedTime(kind.Since) >= Window)
            {
                (kind.Since, kind.Passed) = (clock.GetTimestamp(), 0);
            }

            if (kind.Passed < MostAlike)
            {
                kind.Passed++;
                pass(line);
                return;
            }

            kind.Held++;
            kind.Last = line;
            Schedule(Window - clock.GetElapsedTime(kind.Since));
        }
    }

    /// <summary>Lets everything pass that is held back.</summary>
    internal void Flush()
    {
        lock (_folding)
        {
            foreach (Kind kind in _kinds.Values.Where(kind => kind.Held > 0).OrderBy(kind => kind.Last!.Time))
            {
                PassHeld(kind);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _timer?.Dispose();
    }

    private void Schedule(TimeSpan after)
    {
        if (!_isTimed)
        {
            _isTimed = true;
            after = after < TimeSpan.Zero ? TimeSpan.Zero : after;
            _timer ??= clock.CreateTimer(_ => PassAllOver(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _ = _timer.Change(after, Timeout.InfiniteTimeSpan);
        }
    }

    private void PassAllOver()
    {
        lock (_folding)
        {
            _isTimed = false;
            foreach (Kind kind in _kinds.Values
                .Where(kind => kind.Held > 0 && clock.GetElapsedTime(kind.Since) >= Window)
                .OrderBy(kind => kind.Last!.Time))
            {
                PassHeld(kind);
            }

            if (_kinds.Values.Where(kind => kind.Held > 0).MinBy(kind => kind.Since) is { } next)
            {
                Schedule(Window - clock.GetElapsedTime(next.Since));
            }
        }
    }

    // The next minute begins, in which all lines of these words are counted at once.
    private void PassHeld(Kind kind)
    {
        LogLine last = kind.Last!;
        pass(last with
        {
            Text = string.Create(
                CultureInfo.InvariantCulture, $"{last.Text} ({kind.Held} times more in the last minute)"),
            Repeated = kind.Held,
        });
        (kind.Since, kind.Held) = (clock.GetTimestamp(), 0);
    }

    private bool Forget()
    {
        foreach ((int Id, string Text) key in _kinds
            .Where(each => each.Value.Held == 0 && clock.GetElapsedTime(each.Value.Since) >= Window)
            .Select(each => each.Key).ToList())
        {
            _ = _kinds.Remove(key);
        }

        return _kinds.Count < MostKinds;
    }

    private sealed class Kind
    {
        internal long Since { get; set; }

        internal int Passed { get; set; }

        internal long Held { get; set; }

        internal LogLine? Last { get; set; }
    }
}
