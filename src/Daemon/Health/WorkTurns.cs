using System.Threading;

namespace Overlay.Daemon.Health;

/// <summary>The turns of a loop that sleeps between them.</summary>
internal sealed class WorkTurns
{
    private long _count;
    private volatile bool _isInTurn;

    /// <summary>Turns begun.</summary>
    internal long Count => Interlocked.Read(ref _count);

    /// <summary>Whether one has begun and not ended.</summary>
    internal bool IsInTurn => _isInTurn;

    /// <summary>The loop has woken, and begins a turn.</summary>
    internal void Begin()
    {
        _ = Interlocked.Increment(ref _count);
        _isInTurn = true;
    }

    /// <summary>The turn is over, and the loop sleeps.</summary>
    internal void End() => _isInTurn = false;
}
