using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Overlay.Lease;

/// <summary>What a store over a network was asked, and what came of it. Any thread.</summary>
/// <param name="clock">Dates and times the answers.</param>
public sealed class StoreCounts(TimeProvider clock)
{
    private static readonly double[] s_bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10];

    private readonly Lock _counting = new();
    private readonly SortedDictionary<(string Operation, string Code), long> _requests = [];
    private readonly SortedDictionary<string, Durations> _durations = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _restarts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _differences = new(StringComparer.Ordinal);
    private DateTimeOffset? _lastSuccess;
    private long? _revision;

    /// <summary>What kind of server it is.</summary>
    public StoreService Service { get; init; }

    /// <summary>
    /// The parts that <see cref="ReadDurations"/> counts requests in: up to so many seconds each, in ascending order;
    /// behind them one without an end.
    /// </summary>
    public static IReadOnlyList<double> DurationBounds => s_bounds;

    /// <summary>When a request was last answered as it should be; null when never.</summary>
    public DateTimeOffset? LastSuccess => Locked(() => _lastSuccess);

    /// <summary>How far in the store's history the watch is; null before it is anywhere.</summary>
    public long? Revision => Locked(() => _revision);

    /// <summary>A request is made now.</summary>
    /// <returns>For <see cref="AddAnswer"/>.</returns>
    public long Begin() => clock.GetTimestamp();

    /// <summary>A request was answered, or was not.</summary>
    /// <param name="operation">What was asked, one of a few names.</param>
    /// <param name="code">What came of it, one of a few names.</param>
    /// <param name="isSuccess">Whether that is what it should be.</param>
    /// <param name="began">From <see cref="Begin"/>.</param>
    public void AddAnswer(string operation, string code, bool isSuccess, long began)
    {
        double seconds = clock.GetElapsedTime(began).TotalSeconds;
        lock (_counting)
        {
            _requests[(operation, code)] = _requests.GetValueOrDefault((operation, code)) + 1;
            if (!_durations.TryGetValue(operation, out Durations? durations))
            {
                _durations[operation] = durations = new Durations();
            }

            int part = Array.FindIndex(s_bounds, bound => seconds <= bound);
            durations.Counts[part < 0 ? s_bounds.Length : part]++;
            durations.Seconds += seconds;
            _lastSuccess = isSuccess ? clock.GetUtcNow() : _lastSuccess;
        }
    }

    /// <summary>A watch that stood is opened again.</summary>
    /// <param name="cause">Why, one of a few names.</param>
    public void AddWatchRestart(string cause)
    {
        lock (_counting)
        {
            _restarts[cause] = _restarts.GetValueOrDefault(cause) + 1;
        }
    }

    /// <summary>A listing has differed from what the watch had told.</summary>
    /// <param name="changes">In what.</param>
    public void AddDifferences(IEnumerable<LeaseChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        lock (_counting)
        {
            foreach (LeaseChange change in changes)
            {
                string kind = change.Kind.ToString().ToLowerInvariant();
                _differences[kind] = _differences.GetValueOrDefault(kind) + 1;
            }
        }
    }

    /// <summary>The watch is so far.</summary>
    public void Reach(long revision)
    {
        lock (_counting)
        {
            _revision = revision;
        }
    }

    /// <summary>How often what was asked, by what came of it.</summary>
    public IReadOnlyList<(string Operation, string Code, long Count)> ReadRequests() =>
        Locked(() => _requests.Select(each => (each.Key.Operation, each.Key.Code, each.Value)).ToList());

    /// <summary>How long requests took: how many in each part, and seconds in all.</summary>
    public IReadOnlyList<(string Operation, IReadOnlyList<long> Counts, double Seconds)> ReadDurations() =>
        Locked(() => _durations.Select(
            each => (each.Key, (IReadOnlyList<long>)[.. each.Value.Counts], each.Value.Seconds)).ToList());

    /// <summary>How often a watch was opened again, by cause.</summary>
    public IReadOnlyDictionary<string, long> ReadWatchRestarts() =>
        Locked(() => new SortedDictionary<string, long>(_restarts, StringComparer.Ordinal));

    /// <summary>In how many leases listings have differed from what the watch had told, by kind.</summary>
    public IReadOnlyDictionary<string, long> ReadDifferences() =>
        Locked(() => new SortedDictionary<string, long>(_differences, StringComparer.Ordinal));

    private T Locked<T>(Func<T> read)
    {
        lock (_counting)
        {
            return read();
        }
    }

    private sealed class Durations
    {
        internal long[] Counts { get; } = new long[s_bounds.Length + 1];

        internal double Seconds { get; set; }
    }
}
