using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// Finds out, before the network's route is made, what this host depends on and would reach no longer: packets to it
/// would go into the tunnel.
/// </summary>
/// <param name="routes">Of the tunnel's namespace; it is borrowed.</param>
/// <param name="netlink">Of the same; it is borrowed.</param>
/// <param name="network">The whole overlay network.</param>
/// <param name="log">Gets a line for each.</param>
internal sealed class CutOffCheck(RouteLookup routes, RouteNetlink netlink, Ipv4Prefix network, ILogger log)
{
    // More lines would hide the others.
    private const int MostLines = 8;

    // A name that cannot be resolved is for the store's client to report.
    private static readonly TimeSpan s_resolvingTime = TimeSpan.FromSeconds(2);

    private readonly RouteForecast _forecast = new(routes, network);

    /// <summary>Checks.</summary>
    /// <param name="store">The lease store.</param>
    /// <param name="cancellation">Ends the wait for names to be resolved.</param>
    /// <exception cref="OperatorException">The lease store would be cut off; nothing is changed yet.</exception>
    internal async Task RunAsync(LeaseStoreChoice store, CancellationToken cancellation)
    {
        HashSet<Ipv4Address> ofStore = [];
        if (store is LeaseStoreChoice.Etcd etcd)
        {
            await CheckEndpointsAsync(etcd.Options.Endpoints, ofStore, cancellation);
        }

        HostDependency[] lost =
        [
            .. HostDependencies.Read(netlink)
                .Where(dependency => !ofStore.Contains(dependency.Address) && IsLost(dependency.Address)),
        ];
        foreach (HostDependency dependency in lost.Take(MostLines))
        {
            Log.CutOff(log, dependency.ToString(), network.ToString(), OwnRoute(dependency.Address));
        }

        if (lost.Length > MostLines)
        {
            Log.MoreCutOff(log, lost.Length - MostLines, network.ToString());
        }
    }

    private async Task CheckEndpointsAsync(
        IReadOnlyList<Uri> endpoints, HashSet<Ipv4Address> found, CancellationToken cancellation)
    {
        List<HostDependency> lost = [];
        bool isOneLeft = false;
        foreach (Uri endpoint in endpoints)
        {
            IReadOnlyList<Ipv4Address>? addresses = await ResolveAsync(endpoint, cancellation);
            found.UnionWith(addresses ?? []);
            Ipv4Address[] gone = [.. (addresses ?? []).Where(IsLost)];
            isOneLeft |= addresses is null || gone.Length < addresses.Count;
            lost.AddRange(gone.Select(address => new HostDependency("etcd", address, (ushort)endpoint.Port)));
        }

        if (lost.Count > 0 && !isOneLeft)
        {
            string all = string.Join(", ", lost.Select(each => each.ToString()).Distinct());
            throw new OperatorException(
                $"the route of Network {network} would take packets to {all} into the tunnel and so cut this host off "
                    + $"from its lease store; give it a route of its own ({OwnRoute(lost[0].Address)}), or choose "
                    + "another Network");
        }

        foreach (HostDependency endpoint in lost.Distinct())
        {
            Log.CutOff(log, endpoint.ToString(), network.ToString(), OwnRoute(endpoint.Address));
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

        string gateway = now.Gateway is { } via ? $" via {via}" : "";
        string device = netlink.FindLink(now.InterfaceIndex)?.Name ?? $"{now.InterfaceIndex}";
        return $"ip route add {address}/32{gateway} dev {device}";
    }

    // Null when an IPv6 address is among them, or nothing is known: then it may be reached all the same.
    private static async Task<IReadOnlyList<Ipv4Address>?> ResolveAsync(Uri endpoint, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(s_resolvingTime);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(endpoint.IdnHost, deadline.Token)
                .WaitAsync(deadline.Token); // the resolver of the C library does not listen
            return addresses.Length > 0
                && addresses.All(address => address.AddressFamily == AddressFamily.InterNetwork)
                    ? [.. addresses.Select(address => Ipv4Address.Read(address.GetAddressBytes()))]
                    : null;
        }
        catch (Exception problem) when (problem is SocketException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return null;
        }
    }
}
