using System;
using System.IO;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Lease;
using Overlay.Linux.Netlink;
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
    private const string ForwardingSwitch = "/proc/sys/net/ipv4/ip_forward";

    /// <summary>
    /// Checks the network config against this host, and logs what will work, but not as well as it could.
    /// </summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="underlay">The interface they choose.</param>
    /// <param name="config">The network config.</param>
    /// <param name="store">Where it is from, for messages.</param>
    /// <param name="routes">Of the tunnel's namespace; it is borrowed.</param>
    /// <param name="log">Gets the lines.</param>
    /// <exception cref="OperatorException">Something does not fit; the line says what and how to mend it.</exception>
    internal static StartPlan Make(
        RunOptions options, UnderlayInterface underlay, NetworkConfig config, string store, RouteLookup routes,
        ILogger log)
    {
        IBackendKind backend = BackendCatalog.Find(config, store);
        Ipv4Address publicIp = options.PublicIp ?? underlay.Address;
        CheckReachable(new RouteForecast(routes, config.Network), config.Network, underlay, publicIp);
        Log.Underlay(log, underlay.Name, underlay.Address.ToString(), underlay.Mtu, publicIp.ToString());
        if (underlay.Wire != underlay.Name)
        {
            Log.NoWire(log, underlay.Name, underlay.Mtu, underlay.Wire ?? underlay.Name);
        }

        if (!IsForwarding())
        {
            Log.ForwardingOff(log);
        }

        return new StartPlan(config, backend, underlay, publicIp);
    }

    // Whatever is sent to a host that the network's route takes into the tunnel would come out of it to be sent again.
    private static void CheckReachable(
        RouteForecast forecast, Ipv4Prefix network, UnderlayInterface underlay, Ipv4Address publicIp)
    {
        if (forecast.WillTake(publicIp))
        {
            throw new OperatorException(
                $"the public IP {publicIp} lies inside the overlay network {network}, whose route leads into the "
                    + "tunnel, so its datagrams would loop; choose another with --public-ip, give it a more specific "
                    + "route, or choose another Network in the config");
        }

        if (network.Contains(underlay.Address)
            && NeighbourOf(underlay.Local) is { } neighbour
            && forecast.WillTake(neighbour, underlay.Address))
        {
            throw new OperatorException(
                $"the address {underlay.Local} of {underlay.Name} lies inside the overlay network {network}, whose "
                    + "route would take the packets to its neighbours into the tunnel; choose another interface with "
                    + "--iface, or another Network in the config");
        }
    }

    // Another host's address on the same link, whether there is one or not; null where there is no room for one.
    private static Ipv4Address? NeighbourOf(Ipv4Prefix local)
    {
        for (uint difference = 1; difference <= 3; difference++)
        {
            var other = new Ipv4Address(local.Address.Value ^ difference);
            if (local.Contains(other) && (local.Length == 31 || (other != local.First && other != local.Last)))
            {
                return other;
            }
        }

        return null;
    }

    // Unreadable means that nothing can be said, so nothing is.
    private static bool IsForwarding()
    {
        try
        {
            return File.ReadAllText(ForwardingSwitch).Trim() != "0";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
