using System;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>When the kernel path is tried again, after it was refused or somebody took a part of it.</summary>
/// <remarks>
/// After a disturbance at once; after one that follows within a minute, later each time, so that who takes a part again
/// and again fills no log and interrupts nothing twice a second. After a refusal of the kernel's in 10 s, later each
/// time. An hour is the longest. What only has to be looked at again is looked at every 10 s. One thread at a time.
/// </remarks>
/// <param name="clock">Tells how much time has passed.</param>
internal sealed class RetryPause(TimeProvider clock)
{
    private static readonly TimeSpan s_afterRefusal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_afterDisturbance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_settled = TimeSpan.FromMinutes(1);

    private TimeSpan _pause;
    private TimeSpan _afterRefusals;
    private TimeSpan _afterDisturbances;
    private long _pausedAt;
    private long _openedAt;
    private bool _wasDisturbed;

    /// <summary>Whether it is time.</summary>
    internal bool IsOver => clock.GetElapsedTime(_pausedAt) >= _pause;

    /// <summary>It stands, from now on.</summary>
    internal void Opened()
    {
        _openedAt = clock.GetTimestamp();
        _afterRefusals = default;
    }

    /// <summary>Somebody took a part of what stood.</summary>
    /// <returns>The pause until it is to be opened again.</returns>
    internal TimeSpan Disturbed()
    {
        bool isNew = !_wasDisturbed || clock.GetElapsedTime(_openedAt) >= s_settled;
        _wasDisturbed = true;
        _afterDisturbances = isNew ? default : Longer(_afterDisturbances, s_afterDisturbance);
        return Set(_afterDisturbances);
    }

    /// <summary>Something is in the way that shows without an attempt.</summary>
    /// <returns>The pause until it is to be looked for again.</returns>
    internal TimeSpan Obstructed() => Set(s_afterRefusal);

    /// <summary>The kernel refused a step.</summary>
    /// <returns>The pause until it is to be tried again.</returns>
    internal TimeSpan Refused() => Set(_afterRefusals = Longer(_afterRefusals, s_afterRefusal));

    private static TimeSpan Longer(TimeSpan pause, TimeSpan shortest)
    {
        TimeSpan longer = pause * 2;
        return longer < shortest ? shortest : longer > s_longest ? s_longest : longer;
    }

    private TimeSpan Set(TimeSpan pause)
    {
        _pausedAt = clock.GetTimestamp();
        return _pause = pause;
    }
}
