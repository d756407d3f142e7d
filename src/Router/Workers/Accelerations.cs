using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Router.Counters;

namespace Overlay.Router.Workers;

/// <summary>Which accelerations are in use: set up at the start, switched off by whichever thread finds out.</summary>
public sealed class Accelerations
{
    private static readonly string[] s_names = Array.ConvertAll(Enum.GetNames<Acceleration>(), CounterName.FromMember);

    // State in the low byte, errno above it: one word, so that a reader sees both of one moment.
    private readonly int[] _cells = new int[s_names.Length];

    /// <summary>Every acceleration.</summary>
    public static IReadOnlyList<Acceleration> All { get; } = Enum.GetValues<Acceleration>();

    /// <summary>Lower case with underscores: <c>udp_gso</c>.</summary>
    public static string Name(Acceleration acceleration) => s_names[(int)acceleration];

    /// <summary>True while it is in use.</summary>
    public bool IsOn(Acceleration acceleration) => StateOf(acceleration) == AccelerationState.On;

    /// <summary>How it stands.</summary>
    public AccelerationState StateOf(Acceleration acceleration) =>
        (AccelerationState)(Volatile.Read(ref _cells[(int)acceleration]) & 0xFF);

    /// <summary>Why it is unavailable or was switched off; <see cref="Errno.None"/> otherwise.</summary>
    public Errno ReasonOf(Acceleration acceleration) => (Errno)(Volatile.Read(ref _cells[(int)acceleration]) >> 8);

    /// <summary>Puts it into use.</summary>
    public void SetOn(Acceleration acceleration) => Set(acceleration, AccelerationState.On, Errno.None);

    /// <summary>Says that it was asked for and cannot be had.</summary>
    public void SetUnavailable(Acceleration acceleration, Errno reason) =>
        Set(acceleration, AccelerationState.Unavailable, reason);

    /// <summary>Takes it out of use for good.</summary>
    public void SwitchOff(Acceleration acceleration, Errno reason) =>
        Set(acceleration, AccelerationState.SwitchedOff, reason);

    private void Set(Acceleration acceleration, AccelerationState state, Errno reason) =>
        Volatile.Write(ref _cells[(int)acceleration], (int)state | ((int)reason << 8));
}
