using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Doctor;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>What a start needs to know whatever the backend, read and checked before the machine is changed.</summary>
/// <param name="Config">The network config.</param>
/// <param name="Backend">The backend it asks for.</param>
/// <param name="Underlay">The interface that carries the datagrams.</param>
/// <param name="PublicIp">The address published in the lease.</param>
internal sealed record StartPlan(
    NetworkConfig Config, IBackendKind Backend, UnderlayInterface Underlay, Ipv4Address PublicIp)
{
    /// <summary>
    /// Checks the network config against this host, and logs what will work, but not as well as it could.
    /// </summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="choice">The interface they choose.</param>
    /// <param name="config">The network config.</param>
    /// <param name="store">Where it is from, for messages.</param>
    /// <param name="log">Gets the lines.</param>
    /// <exception cref="OperatorException">Something does not fit; the line says what and how to mend it.</exception>
    internal static StartPlan Make(
        RunOptions options, UnderlayChoice choice, NetworkConfig config, string store, ILogger log)
    {
        IBackendKind backend = BackendCatalog.Choose(BackendCatalog.Find(config, store), options, store);
        UnderlayInterface underlay = choice.Interface;
        Ipv4Address publicIp = options.Underlay.PublicIp ?? underlay.Address;
        foreach (string line in choice.PassedOver)
        {
            Log.InterfacePassedOver(log, line);
        }

        Log.Underlay(
            log, underlay.Name, underlay.Address.ToString(), underlay.Mtu, choice.Reason, publicIp.ToString());
        if (underlay.Wire is { } wire && wire != underlay.Name)
        {
            Log.NoWire(log, underlay.Name, underlay.Mtu, wire);
        }

        if (config.EnableIPv6)
        {
            Log.WithoutIPv6(log, store);
        }

        if (!StandingChecks.IsForwarding)
        {
            Log.ForwardingOff(log);
        }

        return new StartPlan(config, backend, underlay, publicIp);
    }
}
