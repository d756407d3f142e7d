using System;
using System.Collections.Generic;

namespace Overlay.Lease.StoreKit;

/// <summary>
/// Which interruptions of a watch are worth a line: the first of its kind in an hour, and one that lasts. The others
/// are counted, and summed up once an hour. Pure state; for one thread at a time.
/// </summary>
/// <param name="clock">Measures what lies between two of them.</param>
public sealed class RepeatedGaps(TimeProvider clock)
{
    /// <summary>How long a kind is known after it was reported, and how far apart two summaries are.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>A gap that lasts so long is reported, whatever was reported before.</summary>
    public static readonly TimeSpan LongGap = TimeSpan.FromMinutes(1);

    /// <summary>So many kinds are remembered at once. There are fewer: a kind is named by codes, not by numbers or
    /// texts from outside. What comes on top of them is counted only.</summary>
    public const int MostKinds = 32;

    private readonly Dictionary<string, long> _reported = [];
    private readonly HashSet<string> _reportedOfThis = [];

    private long? _began;
    private bool _isReported;
    private int _unreported;
    private long _unreportedSince;

    /// <summary>An attempt has failed, the first of a gap or a further one.</summary>
    /// <param name="kind">Of cause.</param>
    /// <returns>True when it is to be reported.</returns>
    public bool Fail(string kind)
    {
        bool isFirst = _began is null;
        long began = _began ??= clock.GetTimestamp();
        bool isKnown = _isReported
            ? _reportedOfThis.Contains(kind)
            : IsRecent(kind) && clock.GetElapsedTime(began) < LongGap;
        isKnown |= !HasRoomFor(kind);
        if (isKnown)
        {
            if (isFirst)
            {
                Count();
            }

            return false;
        }

        if (!isFirst && !_isReported)
        {
            _unreported--; // it was counted when it began
        }

        _isReported = true;
        _reportedOfThis.Add(kind);
        _reported[kind] = clock.GetTimestamp();
        return true;
    }

    /// <summary>The watch goes on.</summary>
    public void End()
    {
        _began = null;
        _isReported = false;
        _reportedOfThis.Clear();
    }

    /// <summary>How many have gone unreported, once an hour has passed since the first of them.</summary>
    /// <param name="count">More than 0.</param>
    /// <param name="time">Since the first of them.</param>
    /// <returns>False when there is nothing to say.</returns>
    public bool TryTakeCount(out int count, out TimeSpan time)
    {
        count = _unreported;
        time = count == 0 ? TimeSpan.Zero : clock.GetElapsedTime(_unreportedSince);
        if (time < Memory)
        {
            return false;
        }

        _unreported = 0;
        return true;
    }

    private bool IsRecent(string kind) =>
        _reported.TryGetValue(kind, out long at) && clock.GetElapsedTime(at) < Memory;

    private bool HasRoomFor(string kind)
    {
        if (_reported.Count < MostKinds || _reported.ContainsKey(kind))
        {
            return true;
        }

        foreach ((string other, long at) in _reported)
        {
            if (clock.GetElapsedTime(at) >= Memory)
            {
                _reported.Remove(other);
            }
        }

        return _reported.Count < MostKinds;
    }

    private void Count()
    {
        if (_unreported++ == 0)
        {
            _unreportedSince = clock.GetTimestamp();
        }
    }
}
