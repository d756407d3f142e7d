using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>The network namespaces of this machine, held open: hosts and pods are found among them.</summary>
internal sealed class MachineView : IDisposable
{
    private const int MostNamespaces = 2048;

    private readonly List<(NamespaceFile File, NetworkNamespace Place)> _places = [];

    /// <summary>Opens them; one that ends meanwhile is left out.</summary>
    /// <exception cref="LinuxException">procfs is not mounted.</exception>
    internal MachineView()
    {
        Own = NetworkNamespaces.Current();
        foreach (NamespaceFile file in NetworkNamespaces.List(MostNamespaces))
        {
            try
            {
                _places.Add((file, NetworkNamespace.Open(file.Path)));
            }
            catch (LinuxException)
            {
                // Its last process has ended.
            }
        }
    }

    /// <summary>That of this program.</summary>
    internal NamespaceFile Own { get; }

    /// <summary>This host.</summary>
    internal HostView OwnHost() => View(_places.First(each => each.File.Number == Own.Number));

    /// <summary>Hosts of this machine, other than this one, that have an address: those of a lab. More than one where
    /// several labs run.</summary>
    internal IReadOnlyList<HostView> HostsWith(Ipv4Address address)
    {
        List<HostView> found = [];
        foreach ((NamespaceFile File, NetworkNamespace Place) each in _places)
        {
            if (each.File.Number != Own.Number && Try(() => AddressesIn(each.Place), []).Contains(address)
                && Try(() => View(each), null) is { } view)
            {
                found.Add(view);
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, NetworkNamespace place) in _places)
        {
            place.Dispose();
        }
    }

    private static Ipv4Address[] AddressesIn(NetworkNamespace place) => place.Run<Ipv4Address[]>(() =>
    {
        using var netlink = RouteNetlink.Open();
        return [.. netlink.GetAddresses().Select(address => address.Local.Address)];
    });

    private HostView View((NamespaceFile File, NetworkNamespace Place) host)
    {
        (IReadOnlyList<Link> links, IReadOnlyList<InterfaceAddress> addresses, Dictionary<int, int> numbers) =
            host.Place.Run(() =>
            {
                using var netlink = RouteNetlink.Open();
                IReadOnlyList<Link> all = netlink.GetLinks();
                var known = new Dictionary<int, int>();
                for (int i = 0; i < _places.Count && all.Any(IsVethElsewhere); i++)
                {
                    if (netlink.FindNamespaceId(_places[i].Place) is { } number)
                    {
                        known[number] = i;
                    }
                }

                return (all, netlink.GetAddresses(), known);
            });
        List<Pod> pods = [];
        foreach (Link veth in links.Where(IsVethElsewhere))
        {
            if (numbers.TryGetValue(veth.PeerNamespaceId!.Value, out int index)
                && Try(() => PodBehind(veth, links, _places[index]), null) is { } pod)
            {
                pods.Add(pod);
            }
        }

        return new HostView(host.Place, links, addresses, pods);
    }

    private static bool IsVethElsewhere(Link link) =>
        link is { Kind: "veth", PeerIndex: not null, PeerNamespaceId: not null };

    private static Pod? PodBehind(
        Link veth, IReadOnlyList<Link> links, (NamespaceFile File, NetworkNamespace Place) place)
    {
        (Link? inside, Ipv4Address[] addresses) = place.Place.Run<(Link?, Ipv4Address[])>(() =>
        {
            using var netlink = RouteNetlink.Open();
            Link? end = netlink.FindLink(veth.PeerIndex!.Value);
            return (end, [.. netlink.GetAddresses().Where(address => address.InterfaceIndex == end?.Index)
                .Select(address => address.Local.Address)]);
        });
        return inside is null || addresses.Length == 0 ? null : new Pod(
            addresses, place.Place, place.File, inside, veth,
            links.FirstOrDefault(link => link.Index == veth.MasterIndex && link.Kind == "bridge"));
    }

    // A namespace may end at any moment, and what was in it is no pod then.
    private static T Try<T>(Func<T> look, T otherwise)
    {
        try
        {
            return look();
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return otherwise;
        }
    }
}
