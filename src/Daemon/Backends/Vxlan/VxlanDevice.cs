using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>
/// The vxlan device with its address, MTU and MAC: made, used again, and put back. One call at a time.
/// </summary>
internal sealed class VxlanDevice
{
    private readonly RouteNetlink _netlink;
    private readonly Ipv4Prefix _network;
    private readonly ILogger _log;

    private VxlanDevicePlan _plan; // of which the parent's index may change
    private bool _isNew;           // made by Open
    private Ipv4Prefix _subnet;
    private string? _loggedTrouble;

    /// <param name="netlink">Of the device's namespace; borrowed.</param>
    /// <param name="plan">What it is to be.</param>
    /// <param name="network">The whole overlay network: other addresses inside it are taken from the device.</param>
    /// <param name="log">Gets a line for each thing that is put back, or in the way.</param>
    internal VxlanDevice(RouteNetlink netlink, VxlanDevicePlan plan, Ipv4Prefix network, ILogger log) =>
        (_netlink, _plan, _network, _log) = (netlink, plan, network, log);

    /// <summary>Gets the trouble that is seen, and what is put back.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>Its index; 0 before there is one. Another one after it was deleted and made again.</summary>
    internal int Index { get; private set; }

    /// <summary>Makes the device or uses the one that is there, and brings it up.</summary>
    /// <param name="subnet">This host's: its network address is the device's.</param>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">Something is in the way; the line says how to mend it. What was made is gone
    /// again.</exception>
    internal void Open(Ipv4Prefix subnet)
    {
        _subnet = subnet;
        try
        {
            Link link = FindOrMake();
            _ = Configure(link);
            BringUp(link);
            Index = link.Index;
        }
        catch
        {
            if (_isNew && _netlink.FindLink(_plan.Name) is { Kind: VxlanDevicePlan.Kind } made)
            {
                _ = _netlink.DeleteLink(made.Index);
            }

            throw;
        }
    }

    /// <summary>Puts back the device and what belongs to it.</summary>
    /// <param name="subnet">This host's, another one than before perhaps.</param>
    /// <returns>False when it is down, which somebody wants it to be: it then takes no routes.</returns>
    /// <exception cref="LinuxException">The kernel refused one of the steps.</exception>
    /// <exception cref="OperatorException">Something is in the way; the line says how to mend it.</exception>
    internal bool Repair(Ipv4Prefix subnet)
    {
        bool isMoving = subnet != _subnet;
        _subnet = subnet;

        // By its index first: a name may have been given to another.
        Link? link = Index > 0 ? _netlink.FindLink(Index) : null;
        bool isThere = link is { Kind: VxlanDevicePlan.Kind } && _plan.DifferenceOf(link) is null;
        if (link is null || !isThere)
        {
            FollowParent();
            link = FindOrMake();
            _ = Configure(link);
            BringUp(link);
            if (Index > 0)
            {
                Health.Repairs.Add(RepairedObject.Link);
                Log.DeviceMadeAgain(_log, _plan.Name);
            }

            Index = link.Index;
            _loggedTrouble = null;
            Health.Clear(HealthCodes.TunDown, _plan.Name);
            Health.Clear(HealthCodes.LinkRenamed, _plan.Name);
            return true;
        }

        LogTrouble(link);
        foreach (string what in Configure(link))
        {
            if (!isMoving)
            {
                Health.Repairs.Add(what.StartsWith("address", StringComparison.Ordinal)
                    ? RepairedObject.Address
                    : RepairedObject.Link);
                Log.PutBack(_log, what, link.Name);
            }
        }

        return link.IsUp;
    }

    // It may have gone, the device with it, and come back with another index.
    private void FollowParent()
    {
        Link parent = _netlink.FindLink(_plan.Parent)
            ?? throw new OperatorException(
                $"interface {_plan.Parent} is gone; {_plan.Name} is made again as soon as it is back");
        _plan = _plan with { Settings = _plan.Settings with { ParentIndex = parent.Index } };
    }

    private Link FindOrMake()
    {
        Link? found = _netlink.FindLink(_plan.Name);
        if (found is { Kind: not VxlanDevicePlan.Kind })
        {
            throw VxlanDevicePlan.NotVxlan(found);
        }

        if (found is not null && _plan.DifferenceOf(found) is { } difference)
        {
            Log.DeviceReplaced(_log, _plan.Name, difference);
            _ = _netlink.DeleteLink(found.Index);
            found = null;
        }

        return found ?? Make();
    }

    private Link Make()
    {
        try
        {
            _netlink.CreateVxlan(_plan.Name, _plan.Mac, _plan.Mtu, _plan.Settings);
            _isNew = Index == 0;
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EOPNOTSUPP)
        {
            throw new OperatorException(
                "this kernel has no vxlan; load its module (modprobe vxlan), or set Backend to {\"Type\":\"udp\"} in "
                    + "the network config",
                problem);
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EEXIST)
        {
            throw new OperatorException(
                $"a vxlan interface has VNI {_plan.Settings.Vni} on UDP port {_plan.Settings.Port} already, perhaps in "
                    + "another network namespace, where it was moved to; remove it or set another VNI or Port in the "
                    + "network config's Backend",
                problem);
        }

        return _netlink.FindLink(_plan.Name)
            ?? throw new OperatorException(
                $"interface {_plan.Name} was made and is gone already; find out who removes it, and start again");
    }

    private void BringUp(Link link)
    {
        try
        {
            // flannel's own device gets one; nobody uses it, and its router solicitations would be the first drops.
            _netlink.ConfigureLink(link.Index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EADDRINUSE)
        {
            throw new OperatorException(
                $"UDP port {_plan.Settings.Port} is taken by another socket, so {_plan.Name} cannot come up; end its "
                    + $"owner (ss -ulnp sport = :{_plan.Settings.Port}) or set another Port in the network config's "
                    + "Backend on every host",
                problem);
        }
    }

    /// <returns>What was missing, in words.</returns>
    private IReadOnlyList<string> Configure(Link link)
    {
        List<string> missing = [];
        if (link.Mac != _plan.Mac)
        {
            _netlink.ConfigureLink(link.Index, new LinkSettings { Mac = _plan.Mac });
            missing.Add($"MAC {_plan.Mac}");
        }

        if (link.Mtu != _plan.Mtu)
        {
            _netlink.ConfigureLink(link.Index, new LinkSettings { Mtu = _plan.Mtu });
            missing.Add($"MTU {_plan.Mtu}");
        }

        IgnoreRouterAdvertisements(link.Name);
        if (EnsureAddress(_netlink, link.Index, new Ipv4Prefix(_subnet.Address, 32), _network))
        {
            missing.Add($"address {_subnet.Address}/32");
        }

        return missing;
    }

    /// <summary>
    /// Gives a link an address and takes from it every other one inside a network; those outside stay (flannel pkg/ip,
    /// EnsureV4AddressOnLink).
    /// </summary>
    /// <returns>Whether the address was missing.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal static bool EnsureAddress(RouteNetlink netlink, int index, Ipv4Prefix address, Ipv4Prefix network)
    {
        InterfaceAddress[] found = [.. netlink.GetAddresses().Where(found => found.InterfaceIndex == index)];
        bool isMissing = !found.Any(found => found.Local == address);
        if (isMissing)
        {
            netlink.AddAddress(index, address); // first: at no moment is the link without one
        }

        foreach (InterfaceAddress other in found)
        {
            if (other.Local != address && network.Contains(other.Local.Address))
            {
                _ = netlink.RemoveAddress(index, other.Local);
            }
        }

        return isMissing;
    }

    // As flannel does it. A host without IPv6 has no such switch, and one that cannot be written is not worth a start.
    private static void IgnoreRouterAdvertisements(string name)
    {
        try
        {
            string path = $"/proc/sys/net/ipv6/conf/{name}/accept_ra";
            if (File.Exists(path))
            {
                File.WriteAllText(path, "0");
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // in a container /proc/sys may be read-only
        }
    }

    // Each kind of trouble is logged when it begins.
    private void LogTrouble(Link link)
    {
        Health.Set(
            HealthCodes.TunDown, _plan.Name, link.IsUp ? null : $"interface {link.Name} is down",
            $"bring it up: ip link set {link.Name} up");
        Health.Set(
            HealthCodes.LinkRenamed, _plan.Name,
            link.Name == _plan.Name ? null : $"interface {_plan.Name} was renamed to {link.Name}",
            $"name it back: ip link set {link.Name} name {_plan.Name}");
        string? before = _loggedTrouble;
        _loggedTrouble = !link.IsUp ? "down" : link.Name != _plan.Name ? link.Name : null;
        if (_loggedTrouble is null || _loggedTrouble == before)
        {
            return;
        }

        if (!link.IsUp)
        {
            Log.LinkDown(_log, link.Name);
        }
        else
        {
            Log.LinkRenamed(_log, _plan.Name, link.Name);
        }
    }
}
