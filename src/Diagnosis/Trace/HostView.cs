using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>A host of the overlay, as its network namespace shows it.</summary>
/// <param name="Place">Its namespace.</param>
/// <param name="Links">Its interfaces.</param>
/// <param name="Addresses">Its IPv4 addresses.</param>
/// <param name="Pods">Namespaces behind its veth pairs.</param>
internal sealed record HostView(
    NetworkNamespace Place, IReadOnlyList<Link> Links, IReadOnlyList<InterfaceAddress> Addresses,
    IReadOnlyList<Pod> Pods)
{
    private const string SocketTable = "/proc/thread-self/net/unix";
    private const string Listening = "00010000"; // __SO_ACCEPTCON, linux/net.h

    /// <summary>Where this host sends a packet to; null where it has no way.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    internal RoutedTo? RouteTo(Ipv4Address destination) => Place.Run(() =>
    {
        using var lookup = RouteLookup.Open();
        return lookup.Find(destination);
    });

    /// <summary>An interface by its index.</summary>
    internal Link? Find(int index) => Links.FirstOrDefault(link => link.Index == index);

    /// <summary>Whether an address is this host's or one of its pods'.</summary>
    internal bool Has(Ipv4Address address) => Addresses.Any(each => each.Local.Address == address)
        || Pods.Any(pod => pod.Bridge is not null && pod.Addresses.Contains(address));

    /// <summary>The run directories of daemons that listen in this host's namespace (unix(7), proc(5)).</summary>
    internal IReadOnlyList<string> RunDirectories() => Place.Run<IReadOnlyList<string>>(() =>
    {
        string name = Path.GetFileName(ControlProtocol.PathIn("/"));
        return
        [
            .. File.ReadAllLines(SocketTable)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length == 8 && words[3] == Listening && Path.GetFileName(words[7]) == name)
                .Select(words => Path.GetDirectoryName(words[7]))
                .OfType<string>()
                .Where(Path.IsPathRooted),
        ];
    });
}
