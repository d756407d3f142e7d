using System;
using System.Collections.Generic;
using System.Threading;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>A clock that keeps what is waited for, and ends each wait at once unless it is one of minutes.</summary>
/// <param name="begun">Gets the number of waits at each.</param>
internal sealed class ImpatientTime(Action<int> begun) : TimeProvider
{
    private readonly List<TimeSpan> _waits = [];

    internal TimeSpan[] Waits
    {
        get
        {
            lock (_waits)
            {
                return [.. _waits];
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        int count;
        lock (_waits)
        {
            _waits.Add(dueTime);
            count = _waits.Count;
        }

        begun(count);
        TimeSpan due = dueTime < TimeSpan.FromMinutes(2) ? TimeSpan.Zero : Timeout.InfiniteTimeSpan;
        return System.CreateTimer(callback, state, due, period);
    }
}
