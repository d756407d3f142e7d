using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Daemon.Host;

/// <summary>
/// Which packets of this host the overlay's routes take, told before they are made. They go into the main table, where
/// the longest prefix wins, and of equal ones the lower metric: ours have none.
/// </summary>
internal sealed class RouteForecast
{
    private readonly RouteLookup _routes;
    private readonly Ipv4Prefix _network;
    private readonly int _length;
    private readonly HashSet<uint> _tablesBeforeMain;

    /// <param name="routes">Of the tunnel's namespace; it is borrowed.</param>
    /// <param name="network">The whole overlay network.</param>
    /// <param name="length">Of a route: the network's own, or that of a subnet, any of which may be a peer's.</param>
    internal RouteForecast(RouteLookup routes, Ipv4Prefix network, int length)
    {
        _routes = routes;
        _network = network;
        _length = length;
        _tablesBeforeMain = ReadTablesBeforeMain();
    }

    /// <summary>Whether packets to an address will go by one of them.</summary>
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
            { Table: RoutingTables.Main } match => match.Destination.Length <= _length,
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
