using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Linux;
using Overlay.Router.Forwarding;

namespace Overlay.Daemon.Status;

/// <summary>Which accelerations are in use, in words.</summary>
internal sealed class AccelerationReport(Accelerations accelerations, ILogger log)
{
    private readonly Dictionary<Acceleration, AccelerationState> _said = [];

    /// <summary>The state of each by its name: <c>on</c>, <c>switched_off: EINVAL (Invalid argument)</c>.</summary>
    internal static IReadOnlyDictionary<string, string> Of(Accelerations accelerations) => Accelerations.All.ToDictionary(
        Accelerations.Name, acceleration => Describe(accelerations, acceleration), StringComparer.Ordinal);

    /// <summary>One line for each that is done without since the last call.</summary>
    internal void Say()
    {
        foreach (Acceleration acceleration in Accelerations.All)
        {
            AccelerationState state = accelerations.StateOf(acceleration);
            if (state is AccelerationState.Unavailable or AccelerationState.SwitchedOff && _said.GetValueOrDefault(acceleration) != state)
            {
                _said[acceleration] = state;
                Log.AccelerationLost(log, Accelerations.Name(acceleration), Describe(accelerations, acceleration));
            }
        }
    }

    private static string Describe(Accelerations accelerations, Acceleration acceleration)
    {
        string state = accelerations.StateOf(acceleration) switch
        {
            AccelerationState.On => "on",
            AccelerationState.Off => "off",
            AccelerationState.Unavailable => "unavailable",
            _ => "switched_off",
        };
        Errno reason = accelerations.ReasonOf(acceleration);
        return reason == Errno.None ? state : $"{state}: {LinuxException.Describe(reason)}";
    }
}
