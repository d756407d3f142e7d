using System;
using System.Collections.Generic;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Host;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>
/// The tunnel's address, MTU and route as this host's subnet has them. One change at a time, whoever asks.
/// </summary>
/// <param name="netlink">
/// Of the tunnel's namespace; borrowed. It takes one conversation at a time: whoever else uses it is done before the
/// first <see cref="Repair"/>, and is not at it during a move.
/// </param>
/// <param name="network">The whole overlay network: the route.</param>
/// <param name="mtu">Of the tunnel at first, in bytes.</param>
/// <param name="log">Gets a line for each thing that is done later than the start.</param>
/// <param name="health">Gets what is wrong with the tunnel, and what was put back.</param>
internal sealed class TunnelAddress(
    RouteNetlink netlink, Ipv4Prefix network, int mtu, ILogger log, HealthBoard health)
{
    private readonly Lock _changing = new();
    private readonly RepairAttempts _repairs = new(log) { Health = health };
    private readonly List<Ipv4Prefix> _former = []; // their addresses have still to go

    private int _mtu = mtu;
    private Ipv4Prefix _subnet;
    private string _name = "";
    private int _index;
    private string? _loggedTrouble;

    /// <summary>Gives the tunnel its address, MTU and route, and brings it up.</summary>
    /// <param name="name">The interface's name: its owner's word for it, and where others look for it.</param>
    /// <param name="index">The interface's index, by which it is known: its name may be given to another.</param>
    /// <param name="subnet">This host's.</param>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">The network's route exists and leads elsewhere.</exception>
    internal void Configure(string name, int index, Ipv4Prefix subnet)
    {
        lock (_changing)
        {
            (_name, _index, _subnet) = (name, index, subnet);
            TunnelLink.Configure(netlink, index, network, subnet, _mtu);
        }
    }

    /// <summary>Goes over to another subnet, if it is another. What is refused now is tried again by
    /// <see cref="Repair"/>.</summary>
    internal void MoveTo(Ipv4Prefix next)
    {
        lock (_changing)
        {
            if (next == _subnet)
            {
                return;
            }

            _former.Add(_subnet);
            _ = _former.Remove(next);
            _subnet = next;
            _ = _repairs.Try(_name, RepairLink);
        }
    }

    /// <summary>Gives the tunnel another MTU.</summary>
    /// <param name="bytes">From now on.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal void SetMtu(int bytes)
    {
        lock (_changing)
        {
            _mtu = bytes;
            netlink.ConfigureLink(_index, new LinkSettings { Mtu = bytes });
        }
    }

    /// <summary>Puts back what others have taken from the tunnel, and does what could not be done before.</summary>
    internal void Repair()
    {
        lock (_changing)
        {
            _ = _repairs.Try(_name, RepairLink);
        }
    }

    private void RepairLink()
    {
        // Deleted: the forwarder notices by itself. Another one of the same name is not ours.
        Link? link = TunnelLink.Find(netlink, _index);
        LogTrouble(link);
        if (link is not null)
        {
            PutBack(link);
        }
    }

    private void PutBack(Link link)
    {
        // What is missing because the subnet has just changed was not taken by anybody.
        bool isMoving = _former.Count > 0;
        if (!link.IsUp)
        {
            BringUp(link);
        }

        foreach (string what in TunnelLink.PutBackAddress(netlink, link, _subnet, _mtu))
        {
            bool isAddress = what.StartsWith("address", StringComparison.Ordinal);
            LogPutBack(what, isAddress ? RepairedObject.Address : RepairedObject.Link);
        }

        // After the new one is there: at no moment is the interface without an address.
        _former.ForEach(former => TunnelLink.RemoveAddress(netlink, link, former));
        _former.Clear();
        try
        {
            if (TunnelLink.PutBackRoute(netlink, link, network) is { } route)
            {
                LogPutBack(route, RepairedObject.Route);
            }

            health.Clear(HealthCodes.RouteMissing, _name);
        }
        catch (Exception problem) when (problem is LinuxException or OperatorException)
        {
            health.Raise(HealthCodes.RouteMissing, _name, problem.Message);
            throw;
        }

        void LogPutBack(string what, RepairedObject kind)
        {
            if (!isMoving)
            {
                health.Repairs.Add(kind);
                Log.PutBack(log, what, link.Name);
            }
        }
    }

    // Without it nothing of the overlay works. Who wants this host out of it stops the daemon.
    private void BringUp(Link link)
    {
        try
        {
            netlink.ConfigureLink(link.Index, new LinkSettings { Up = true });
            health.Repairs.Add(RepairedObject.Link);
            Log.PutBack(log, "state up", link.Name);
        }
        catch (LinuxException problem)
        {
            health.Raise(
                HealthCodes.TunDown, _name, $"interface {link.Name} is down: {problem.Message}",
                $"bring it up: ip link set {link.Name} up");
            throw;
        }
    }

    private string RemedyOfGone() => netlink.FindLink(_name) is null
        ? "restart overlay to have it made anew"
        : $"the {_name} that is here now is another device: remove it (ip link del {_name}), then restart overlay";

    private void RaiseTrouble(Link? link)
    {
        health.Set(
            HealthCodes.LinkGone, _name, link is null ? $"interface {_name} has left this network namespace" : null,
            link is null ? RemedyOfGone() : null);
        health.Clear(HealthCodes.TunDown, _name); // or brought up, or raised then
        health.Set(
            HealthCodes.LinkRenamed, _name,
            link is not null && link.Name != _name ? $"interface {_name} was renamed to {link.Name}" : null,
            $"name it back: ip link set {link?.Name} name {_name}");
    }

    // Each kind of trouble is logged when it begins.
    private void LogTrouble(Link? link)
    {
        RaiseTrouble(link);
        string? before = _loggedTrouble;
        _loggedTrouble = link switch
        {
            null => "gone",
            _ when link.Name != _name => link.Name,
            _ => null,
        };
        if (_loggedTrouble is null || _loggedTrouble == before)
        {
            return;
        }

        if (link is null)
        {
            Log.LinkGone(log, _name, RemedyOfGone());
        }
        else
        {
            Log.LinkRenamed(log, _name, link.Name);
        }
    }
}
