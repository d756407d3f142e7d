using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Options;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// Hears when the underlay is another one than a daemon has started with: its address, its interface or its MTU.
/// Whoever asks for the watch then starts anew, by what the options choose at that moment.
/// </summary>
/// <remarks>
/// What is there stays, also when the options would choose another by now: a default route that comes and goes, or an
/// address more on the interface, is no reason. While nothing that the options ask for is there, the daemon goes on
/// with what it has, and takes up the first that appears.
/// </remarks>
internal sealed class UnderlayWatch : IDisposable
{
    private readonly UnderlayRequest _request;
    private readonly UnderlayInterface _current;
    private readonly Ipv4Prefix _network;
    private readonly Action<string> _changed;
    private readonly HealthBoard _health;
    private readonly RouteNetlink _netlink = RouteNetlink.Open();
    private readonly KernelWatch _watch;

    private UnderlayWatch(
        UnderlayRequest request, UnderlayInterface current, Ipv4Prefix network, Action<string> changed,
        HealthBoard health, WorkTurns turns, ILogger log)
    {
        (_request, _current, _network, _changed, _health) = (request, current, network, changed, health);
        try
        {
            _watch = KernelWatch.Open(
                NetlinkTopics.Links | NetlinkTopics.Addresses | NetlinkTopics.Routes, Concerns, Look, log, health,
                turns);
        }
        catch
        {
            _netlink.Dispose();
            throw;
        }
    }

    /// <summary>Notes changes from now on, in the network namespace of the calling thread.</summary>
    /// <param name="request">What decides which interface it is.</param>
    /// <param name="current">What the daemon works with.</param>
    /// <param name="network">The overlay, whose own interfaces are no underlay.</param>
    /// <param name="changed">Gets what is another, as a clause, on the watch's thread; more than once.</param>
    /// <param name="health">Gets what is missing.</param>
    /// <param name="turns">Gets a turn for each look.</param>
    /// <param name="log">Gets a line when the kernel is not heard of any longer.</param>
    /// <exception cref="LinuxException">The kernel refused a socket.</exception>
    internal static UnderlayWatch Open(
        UnderlayRequest request, UnderlayInterface current, Ipv4Prefix network, Action<string> changed,
        HealthBoard health, WorkTurns turns, ILogger log) =>
        new(request, current, network, changed, health, turns, log);

    /// <summary>Looks once for what has changed meanwhile, and from then on at the kernel's word.</summary>
    internal void Start()
    {
        Look();
        _watch.Start();
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        _netlink.Dispose();
    }

    // Of the routes only a default route can choose; the way to an address comes with an interface and its address.
    private static bool Concerns(NetlinkEvent change) =>
        change.Subject != NetlinkSubject.Route || (change.Destination.Length == 0 && !change.IsRemoval);

    private void Look()
    {
        IReadOnlyList<Link> links = _netlink.GetLinks();
        Link? link = links.FirstOrDefault(link => link.Index == _current.Index);
        Link? wire = _current.Wire == _current.Name ? link : links.FirstOrDefault(link => link.Name == _current.Wire);
        bool hasAddress = _netlink.GetAddresses().Any(
            address => address.InterfaceIndex == _current.Index && address.Local == _current.Local);
        Show(HealthCodes.UnderlayGone, link is null, $"interface {_current.Name} is gone");
        Show(HealthCodes.UnderlayDown, link is { IsUp: false }, $"interface {_current.Name} is down");
        Show(
            HealthCodes.UnderlayAddressGone, link is not null && !hasAddress,
            $"{_current.Address} is no longer an address of {_current.Name}");

        if (link is null || !hasAddress)
        {
            if (Choose() is { } other)
            {
                _changed($"the underlay is {other.Name} with {other.Local}, MTU {other.Mtu}, in place of "
                    + $"{_current.Name} with {_current.Local}, MTU {_current.Mtu}");
            }
        }
        else if (wire is { Mtu: > 0 } && wire.Mtu != _current.Mtu)
        {
            _changed($"the MTU of {wire.Name} is {wire.Mtu} in place of {_current.Mtu}");
        }
    }

    private void Show(HealthCode code, bool isRaised, string cause)
    {
        if (isRaised)
        {
            _health.Raise(code, _current.Name, cause);
        }
        else
        {
            _health.Clear(code, _current.Name);
        }
    }

    // Null while nothing is there that the options ask for.
    private UnderlayInterface? Choose()
    {
        try
        {
            UnderlayInterface chosen = UnderlayChoice.Make(_request, HostNetwork.Read(_netlink)).Interface;
            return _network.Contains(chosen.Address) ? null : chosen;
        }
        catch (OperatorException)
        {
            return null;
        }
    }
}
