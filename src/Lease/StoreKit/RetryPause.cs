using System;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.StoreKit;

/// <summary>
/// How long a watch waits before it asks again: not at first, then 100 ms, and twice as long with each failure. For one
/// thread at a time.
/// </summary>
/// <param name="clock">Runs the waits.</param>
/// <param name="random">Makes each up to a fifth shorter or longer: hosts that lost the store at one moment do not ask
/// at one moment.</param>
public sealed class RetryPause(TimeProvider clock, Random random)
{
    /// <summary>So long at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestOfTooMany = TimeSpan.FromMinutes(1);

    private TimeSpan _next = TimeSpan.Zero;

    /// <summary>Waits as long as it has come to.</summary>
    public Task WaitAsync(CancellationToken cancellation) => WaitAsync(_next, cancellation);

    /// <summary>Waits about so long.</summary>
    public Task WaitAsync(TimeSpan about, CancellationToken cancellation) =>
        Task.Delay(about * (0.8 + 0.4 * random.NextDouble()), clock, cancellation);

    /// <summary>The next wait is longer.</summary>
    /// <param name="isOfTooMany">Whether the store says that it is asked too often: up to a minute then.</param>
    public void Lengthen(bool isOfTooMany = false)
    {
        TimeSpan longest = isOfTooMany ? s_longestOfTooMany : Longest;
        _next = _next == TimeSpan.Zero ? s_shortest : TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, longest.Ticks));
    }

    /// <summary>The next wait is so long, whatever was before.</summary>
    public void Set(TimeSpan next) => _next = next;

    /// <summary>The next wait is so long, or longer.</summary>
    public void Require(TimeSpan least) => _next = least > _next ? least : _next;

    /// <summary>The next failure counts as the first.</summary>
    public void Reset() => _next = TimeSpan.Zero;
}
