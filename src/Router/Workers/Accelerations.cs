using System;
using System.Collections.Generic;
using System.Threading;
using Overlay.Linux;
using Overlay.Router.Counters;

namespace Overlay.Router.Workers;

/// <summary>
/// Which accelerations are in use: set at the start, switched off by the worker whose use of one the kernel refuses.
/// </summary>
/// <remarks>Any thread may read and write.</remarks>
public sealed class Accelerations
{
    private static readonly string[] s_names = Array.ConvertAll(Enum.GetNames<Acceleration>(), CounterName.FromMember);

    // State in the low byte, errno above it, in one word: a reader never sees a state with another one's errno.
    private readonly int[] _cells = new int[s_names.Length];

    /// <summary>Every acceleration.</summary>
    public static IReadOnlyList<Acceleration> All { get; } = Enum.GetValues<Acceleration>();

    /// <summary>Its name in counters and options: lower case with underscores, <c>udp_gso</c>.</summary>
    public static string Name(Acceleration acceleration) => s_names[(int)acceleration];

    /// <summary>True while it is in use.</summary>
    public bool IsOn(Acceleration acceleration) => StateOf(acceleration) == AccelerationState.On;

    /// <summary>Its state.</summary>
    public AccelerationState StateOf(Acceleration acceleration) =>
        (AccelerationState)(Volatile.Read(ref _cells[(int)acceleration]) & 0xFF);

    /// <summary>Why it is unavailable or was switched off; <see cref="Errno.None"/> otherwise.</summary>
    public Errno ReasonOf(Acceleration acceleration) => (Errno)(Volatile.Read(ref _cells[(int)acceleration]) >> 8);

    /// <summary>Puts it into use.</summary>
    public void SetOn(Acceleration acceleration) => Set(acceleration, AccelerationState.On, Errno.None);

    /// <summary>Records that it was asked for and that the kernel does not have it.</summary>
    public void SetUnavailable(Acceleration acceleration, Errno reason) =>
        Set(acceleration, AccelerationState.Unavailable, reason);

    /// <summary>Takes it out of use until the daemon is started again.</summary>
    public void SwitchOff(Acceleration acceleration, Errno reason) =>
        Set(acceleration, AccelerationState.SwitchedOff, reason);

    private void Set(Acceleration acceleration, AccelerationState state, Errno reason) =>
        Volatile.Write(ref _cells[(int)acceleration], (int)state | ((int)reason << 8));
}
