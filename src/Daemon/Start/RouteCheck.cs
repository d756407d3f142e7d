using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Lease;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// Finds out, before the overlay's routes are made, what this host would reach no longer: packets to it would go into
/// the tunnel, or to the peer whose subnet it is in.
/// </summary>
/// <param name="routes">Of the tunnel's namespace; it is borrowed.</param>
/// <param name="netlink">Of the same; it is borrowed.</param>
/// <param name="config">The network config.</param>
/// <param name="part">What of the network will be routed.</param>
/// <param name="log">Gets a line for each.</param>
internal sealed class RouteCheck(
    RouteLookup routes, RouteNetlink netlink, NetworkConfig config, RoutedPart part, ILogger log)
{
    // More lines would hide the others.
    private const int MostLines = 8;

    // A name that cannot be resolved is for the store's client to report.
    private static readonly TimeSpan s_resolvingTime = TimeSpan.FromSeconds(2);

    private readonly Ipv4Prefix _network = config.Network;
    private readonly RouteForecast _forecast = new(
        routes, config.Network, part == RoutedPart.WholeNetwork ? config.Network.Length : config.SubnetLength);

    /// <summary>Checks.</summary>
    /// <param name="store">The lease store.</param>
    /// <param name="underlay">The interface that carries the datagrams.</param>
    /// <param name="publicIp">The address published in the lease.</param>
    /// <param name="cancellation">Ends the wait for names to be resolved.</param>
    /// <exception cref="OperatorException">The lease store, or the public IP, would not be reached; nothing is changed
    /// yet.</exception>
    internal async Task RunAsync(
        LeaseStoreChoice store, UnderlayInterface underlay, Ipv4Address publicIp, CancellationToken cancellation)
    {
        bool isWhole = part == RoutedPart.WholeNetwork;
        if (isWhole && _forecast.WillTake(publicIp))
        {
            throw new OperatorException(
                $"the public IP {publicIp} lies inside the overlay network {_network}, whose route leads into the "
                    + "tunnel, so its datagrams would loop; choose another with --public-ip, give it a more specific "
                    + "route, or choose another Network in the config");
        }

        HashSet<Ipv4Address> ofStore = [.. await CheckStoreAsync(store, cancellation)];
        if (isWhole && _network.Contains(underlay.Address)
            && NeighbourOf(underlay.Local) is { } neighbour
            && _forecast.WillTake(neighbour, underlay.Address))
        {
            Log.NeighboursCutOff(log, underlay.Local.ToString(), underlay.Name, _network.ToString());
        }

        HostDependency[] lost =
        [
            .. HostDependencies.Read(netlink)
                .Where(dependency => !ofStore.Contains(dependency.Address) && IsLost(dependency.Address)),
        ];
        Array.ForEach(lost[..Math.Min(lost.Length, MostLines)], Warn);
        if (lost.Length > MostLines)
        {
            Log.MoreCutOff(log, lost.Length - MostLines, _network.ToString());
        }
    }

    private async Task<IReadOnlyList<Ipv4Address>> CheckStoreAsync(
        LeaseStoreChoice store, CancellationToken cancellation)
    {
        // Of each endpoint its addresses; null where one may be reached that is not known here.
        IReadOnlyList<HostDependency>?[] endpoints = store switch
        {
            LeaseStoreChoice.Etcd etcd => await Task.WhenAll(etcd.Options.Endpoints.Select(
                endpoint => ResolveAsync("etcd", endpoint, etcd.Options.Resolve, cancellation))),
            LeaseStoreChoice.Kubernetes kubernetes =>
                [await ResolveAsync(
                    "kube-api", KubeLeaseStore.ServerOf(kubernetes.Options), Dns.GetHostAddressesAsync, cancellation)],
            LeaseStoreChoice.Files files when FileServer.Of(files.Directory) is { } server =>
                [[new HostDependency($"the file server of {files.Directory},", server)]],
            _ => [],
        };
        HostDependency[] known = [.. endpoints.SelectMany(endpoint => endpoint ?? []).Distinct()];
        HostDependency[] lost = [.. known.Where(endpoint => IsLost(endpoint.Address))];
        if (part == RoutedPart.WholeNetwork && lost.Length > 0 && lost.Length == known.Length
            && endpoints.All(endpoint => endpoint is not null))
        {
            throw new OperatorException(
                $"the route of Network {_network} would take packets to {string.Join(", ", lost)} into the tunnel and "
                    + "so cut this host off from its lease store; give it a route of its own "
                    + $"({OwnRoute(lost[0].Address)}), or choose another Network");
        }

        Array.ForEach(lost, Warn);
        return [.. known.Select(endpoint => endpoint.Address)];
    }

    private void Warn(HostDependency lost)
    {
        if (part == RoutedPart.WholeNetwork)
        {
            Log.CutOff(log, lost.ToString(), _network.ToString(), OwnRoute(lost.Address));
        }
        else
        {
            Log.MayBeCutOff(log, lost.ToString(), _network.ToString(), OwnRoute(lost.Address));
        }
    }

    // What is not reached now is not lost by the route.
    private bool IsLost(Ipv4Address address) => _forecast.WillTake(address) && routes.Find(address) is not null;

    // The way to it now.
    private string OwnRoute(Ipv4Address address)
    {
        if (routes.Find(address) is not { } now)
        {
            return $"ip route add {address}/32 …";
        }

        // A gateway that is itself reached by a gateway, its own as a rule, is one that a route names as on the link.
        string gateway = now.Gateway is { } via && via != address ? $" via {via}" : "";
        bool isOnLink = now.Gateway is { } hop && hop != address && routes.Find(hop)?.Gateway is not null;
        string device = netlink.FindLink(now.InterfaceIndex)?.Name ?? $"{now.InterfaceIndex}";
        return $"ip route add {address}/32{gateway} dev {device}{(isOnLink ? " onlink" : "")}";
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

    private static async Task<IReadOnlyList<HostDependency>?> ResolveAsync(
        string what, Uri endpoint, Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_resolvingTime);
        try
        {
            IPAddress[] addresses = IPAddress.TryParse(endpoint.IdnHost, out IPAddress? literal)
                ? [literal]
                : await resolve(endpoint.IdnHost, deadline.Token)
                    .WaitAsync(deadline.Token); // the resolver of the C library does not listen
            return addresses.Length > 0
                && Array.TrueForAll(addresses, address => address.AddressFamily == AddressFamily.InterNetwork)
                    ? [.. addresses.Select(address => new HostDependency(
                        what, Ipv4Address.Read(address.GetAddressBytes()), (ushort)endpoint.Port))]
                    : null;
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return null;
        }
    }
}
