using System;
using System.Globalization;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Doctor.Tracing;

/// <summary>
/// A pod for as long as a trace lasts: a namespace without a name, on the pods' bridge, with an address that no pod
/// has. What is sent from there passes the rules that pods' packets pass.
/// </summary>
internal sealed class ProbePod : IDisposable
{
    private readonly NetworkNamespace _namespace;
    private readonly int _hostEnd;

    private ProbePod(NetworkNamespace place, int hostEnd, string bridge, Ipv4Address address) =>
        (_namespace, _hostEnd, Bridge, Address) = (place, hostEnd, bridge, address);

    /// <summary>The bridge that it is on.</summary>
    internal string Bridge { get; }

    /// <summary>Its own.</summary>
    internal Ipv4Address Address { get; }

    /// <summary>Makes it; null where there is no bridge of this host's subnet.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <exception cref="OperatorException">ip is not there, or cannot put it on the bridge.</exception>
    internal static ProbePod? Make(HostFacts host)
    {
        if (host.Overlay.Subnet is not { } subnet
            || host.Network.Addresses.FirstOrDefault(each => subnet.Masked().Contains(each.Local.Address)
                && host.Network.Links.Any(link => link.Index == each.InterfaceIndex && link is
                    { Kind: "bridge", IsUp: true })) is not { } gateway)
        {
            return null;
        }

        string bridge = host.Network.NameOf(gateway.InterfaceIndex);
        int mtu = host.Network.Find(bridge)!.Mtu;
        var place = NetworkNamespace.Create();
        int hostEnd = 0;
        try
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"ovtr{Environment.ProcessId}");
            using var netlink = RouteNetlink.Open();
            netlink.CreateVethPair(name, "eth0", place, mtu);
            hostEnd = netlink.FindLink(name)!.Index;
            _ = HostProgram.Require("ip", "iproute2").Run("", "link", "set", name, "master", bridge).OutputOrThrow();
            netlink.ConfigureLink(hostEnd, new LinkSettings { Up = true });
            Ipv4Address address = FreeAddress(host, subnet.Masked());
            place.Run(() => Configure(new Ipv4Prefix(address, subnet.Length), gateway.Local.Address));
            return new ProbePod(place, hostEnd, bridge, address);
        }
        catch
        {
            Remove(hostEnd);
            place.Dispose();
            throw;
        }
    }

    /// <summary>A socket from which probes go.</summary>
    internal IcmpSocket OpenSocket() => _namespace.Run(IcmpSocket.Open);

    /// <summary>Removes it.</summary>
    public void Dispose()
    {
        Remove(_hostEnd);
        _namespace.Dispose();
    }

    private static void Configure(Ipv4Prefix address, Ipv4Address gateway)
    {
        using var netlink = RouteNetlink.Open();
        int index = netlink.FindLink("eth0")!.Index;
        netlink.AddAddress(index, address);
        netlink.ConfigureLink(index, new LinkSettings { Up = true });
        netlink.ReplaceRoute(new Ipv4Route(Ipv4Prefix.Parse("0.0.0.0/0"), gateway, index, Metric: 0));
    }

    // From the end of the subnet, where a CNI plugin comes last: one that nobody has been heard with.
    private static Ipv4Address FreeAddress(HostFacts host, Ipv4Prefix subnet)
    {
        string known = host.Files.Read("proc/net/arp") ?? "";
        for (uint last = subnet.Last.Value - 1; last > subnet.First.Value + 1; last--)
        {
            Ipv4Address address = new(last);
            if (!known.Contains($"{address} ", StringComparison.Ordinal)
                && host.Network.Addresses.All(each => each.Local.Address != address))
            {
                return address;
            }
        }

        throw new OperatorException($"no address of {subnet} is free for a probe");
    }

    private static void Remove(int hostEnd)
    {
        if (hostEnd > 0)
        {
            using var netlink = RouteNetlink.Open();
            _ = netlink.DeleteLink(hostEnd);
        }
    }
}
