using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace Overlay.Router.Tapping;

/// <summary>
/// One capture: a pipe from each worker that forwards while it is in force. Its reader comes by at intervals of its
/// own: no worker wakes it or waits for it.
/// </summary>
public sealed class PacketTap
{
    private readonly Lock _joining = new();
    private readonly long _startNanoseconds;
    private readonly long _startTimestamp = Stopwatch.GetTimestamp();
    private TapWriter[] _writers = [];

    /// <summary>Begins one; nobody feeds it yet.</summary>
    /// <param name="options">What it takes.</param>
    /// <param name="clock">Says when it begins; from then on a clock counts that does not jump.</param>
    public PacketTap(TapOptions options, TimeProvider clock)
    {
        Options = options;
        _startNanoseconds = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
    }

    /// <summary>What it takes.</summary>
    public TapOptions Options { get; }

    /// <summary>What it has come to. Any thread.</summary>
    public TapTotals Totals
    {
        get
        {
            TapWriter[] writers = Volatile.Read(ref _writers);
            return new TapTotals(writers.Sum(writer => writer.Matched), writers.Sum(writer => writer.Lost));
        }
    }

    /// <summary>The workers' pipes so far, for the one reader.</summary>
    public IReadOnlyList<TapWriter> Writers => Volatile.Read(ref _writers);

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    internal long NowNanoseconds =>
        _startNanoseconds + (long)Stopwatch.GetElapsedTime(_startTimestamp).TotalNanoseconds;

    /// <summary>Gives a worker a pipe of its own.</summary>
    internal TapWriter Join()
    {
        lock (_joining)
        {
            var writer = new TapWriter(this, _writers.Length);
            Volatile.Write(ref _writers, [.. _writers, writer]);
            return writer;
        }
    }
}
