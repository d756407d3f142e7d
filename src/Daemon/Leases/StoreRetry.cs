using System;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Daemon.Leases;

/// <summary>
/// Pauses between attempts at a store that does not answer, and says why: at once, and then once a minute.
/// </summary>
/// <param name="clock">Paces both.</param>
/// <param name="random">Keeps hosts that lost the store at one moment from asking it at one moment.</param>
/// <param name="say">Gets the reason of the attempt that has just failed.</param>
internal sealed class StoreRetry(TimeProvider clock, Random random, Action<string> say)
{
    /// <summary>Doubled with each pause; each is up to 20 % shorter or longer than that.</summary>
    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);

    /// <summary>A store that is back is found at most so much, and 20 %, later.</summary>
    internal static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_sayEvery = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = FirstPause;
    private long? _saidAt;

    /// <summary>Waits until the next attempt.</summary>
    internal async Task PauseAsync(string reason, CancellationToken cancellation)
    {
        if (_saidAt is not long at || clock.GetElapsedTime(at) >= s_sayEvery)
        {
            _saidAt = clock.GetTimestamp();
            say(reason);
        }

        TimeSpan pause = _pause * (0.8 + 0.4 * random.NextDouble());
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        await Task.Delay(pause, clock, cancellation);
    }
}
