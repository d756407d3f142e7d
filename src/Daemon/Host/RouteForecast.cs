using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>
/// Which packets of this host the route of the overlay's network takes into the tunnel, told before it is made. The
/// route goes into the main table, where the longest prefix wins, and of equal ones the lower metric: ours has none.
/// </summary>
internal sealed class RouteForecast
{
    private readonly RouteLookup _routes;
    private readonly Ipv4Prefix _network;
    private readonly HashSet<uint> _tablesBeforeMain;

    /// <param name="routes">Of the tunnel's namespace; it is borrowed.</param>
    /// <param name="network">The whole overlay network.</param>
    internal RouteForecast(RouteLookup routes, Ipv4Prefix network)
    {
        _routes = routes;
        _network = network;
        _tablesBeforeMain = ReadTablesBeforeMain();
    }

    /// <summary>Whether packets to an address will go into the tunnel.</summary>
    /// <param name="address">The destination.</param>
    /// <param name="source">The source, an address of this host; null for the one the kernel chooses.</param>
    internal bool WillTake(Ipv4Address address, Ipv4Address? source = null)
    {
        if (!_network.Contains(address))
        {
            return false;
        }

        return _routes.FindMatch(address, source) switch
        {
            null => true, // nothing leads there yet
            { Table: RoutingTables.Main } match => match.Destination.Length <= _network.Length,
            { } match => !_tablesBeforeMain.Contains(match.Table),
        };
    }

    // A route found in a table that is asked after the main one was not in the main one, where ours will be.
    private HashSet<uint> ReadTablesBeforeMain()
    {
        try
        {
            return
            [
                .. _routes.GetRules().OrderBy(rule => rule.Priority)
                    .TakeWhile(rule => rule is not { Table: RoutingTables.Main, IsForAll: true })
                    .Where(rule => rule.Table != RoutingTables.Main)
                    .Select(rule => rule.Table),
            ];
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EOPNOTSUPP)
        {
            return [RoutingTables.Local]; // a kernel without rules asks these two
        }
    }
}
