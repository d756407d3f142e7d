using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Router.Workers;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Which accelerations are in use, and what the paths to single peers do not take, in words.</summary>
internal sealed class AccelerationReport(Accelerations accelerations, PeerPaths paths, ILogger log)
{
    private readonly Dictionary<Acceleration, AccelerationState> _logged = [];
    private readonly Dictionary<Ipv4Address, string> _loggedPaths = [];

    /// <summary>The state of each by its name: <c>on</c>, <c>switched_off: EINVAL (Invalid argument)</c>.</summary>
    internal static IReadOnlyDictionary<string, string> Of(Accelerations accelerations) =>
        Accelerations.All.ToDictionary(
        Accelerations.Name, acceleration => Describe(accelerations, acceleration), StringComparer.Ordinal);

    /// <summary>
    /// One line for each that is done without since the last call, and for each peer whose path has turned out to be
    /// worse than what was last said of it. A path that is forgotten and found to be the same again is not said again.
    /// </summary>
    internal void LogLosses()
    {
        foreach (PeerPath path in paths.Current.Paths)
        {
            string what = Describe(path);
            if (_loggedPaths.GetValueOrDefault(path.Peer) != what)
            {
                _loggedPaths[path.Peer] = what;
                Log.WorsePath(log, path.Peer.ToString(), what);
            }
        }

        foreach (Acceleration acceleration in Accelerations.All)
        {
            AccelerationState state = accelerations.StateOf(acceleration);
            if (state is AccelerationState.Unavailable or AccelerationState.SwitchedOff
                && _logged.GetValueOrDefault(acceleration) != state)
            {
                _logged[acceleration] = state;
                Log.AccelerationLost(log, Accelerations.Name(acceleration), Describe(accelerations, acceleration));
            }
        }
    }

    private static string Describe(in PeerPath path)
    {
        string trains = path.TakesTrains
            ? "it takes trains"
            : "the kernel takes no trains to it, so packets go one by one: "
            + $"{LinuxException.Describe(path.TrainRefusal)}";
        return path.Mtu == PeerPath.Unknown.Mtu
            ? trains
            : string.Create(CultureInfo.InvariantCulture, $"it takes at most {path.Mtu} bytes a packet; {trains}");
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
