using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Handover;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Ports;
using Overlay.Tun;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>
/// Opens the tunnel's device and sockets: those of an earlier daemon where they are as wanted, so that address, route
/// and whatever waits in their queues are kept; otherwise new ones, which are kept for a later daemon.
/// </summary>
internal sealed class TunnelHandover(KeptDescriptors kept)
{
    private const string TunPrefix = "tun-";
    private const string UdpPrefix = "udp-";

    /// <summary>The device.</summary>
    /// <param name="name">What it has to be called; null for the first free of flannel0, flannel1 …</param>
    /// <param name="virtioNetHeader">Whether packets have a virtio-net header.</param>
    /// <param name="queues">1 to 256.</param>
    /// <param name="netlink">Of the namespace that it has to be in; borrowed.</param>
    /// <exception cref="LinuxException">It cannot be had.</exception>
    internal TunDevice OpenTun(string? name, bool virtioNetHeader, int queues, RouteNetlink netlink)
    {
        var adopted = TunDevice.Adopt(kept.Take(TunPrefix), virtioNetHeader);
        try
        {
            if (adopted is not null && adopted.Queues.Count == queues && IsNamed(adopted.Name, name)
                && netlink.FindLink(adopted.Name)?.Index is { } index && TunnelLink.Find(netlink, index) is not null)
            {
                return adopted;
            }
        }
        catch
        {
            adopted?.Dispose();
            throw;
        }

        // Closed everywhere, and so gone before the new one is made, which would have to have another name.
        adopted?.Dispose();
        kept.Drop(TunPrefix);
        TunDevice made = name is not null
            ? TunDevice.Create(name, virtioNetHeader, queues)
            : TunDevice.CreateNumbered(TunnelLink.Stem, virtioNetHeader, queues);
        try
        {
            kept.Keep(TunPrefix, made.Queues.Select(queue => queue.Descriptor));
            return made;
        }
        catch
        {
            made.Dispose();
            kept.Drop(TunPrefix); // the device would stay as long as one of its queues is open
            throw;
        }
    }

    /// <summary>The sockets.</summary>
    /// <param name="address">The underlay's.</param>
    /// <param name="port">UDP port.</param>
    /// <param name="count">One for each lane.</param>
    /// <exception cref="LinuxException">They cannot be had.</exception>
    internal IReadOnlyList<UdpPort> BindPorts(Ipv4Address address, ushort port, int count)
    {
        List<UdpPort> ports = [];
        IReadOnlyList<SafeFd> earlier = kept.Take(UdpPrefix);
        try
        {
            ports.AddRange(earlier.Select(socket => UdpPort.Adopt(socket, address, port, isShared: count > 1))
                .OfType<UdpPort>());
            if (ports.Count == count && earlier.Count == count)
            {
                return ports;
            }

            // Closed everywhere before the new ones are bound: they hold the port.
            ports.ForEach(each => each.Dispose());
            ports.Clear();
            kept.Drop(UdpPrefix);
            while (ports.Count < count)
            {
                ports.Add(UdpPort.Bind(address, port, isShared: count > 1));
            }

            kept.Keep(UdpPrefix, ports.Select(each => each.Descriptor));
            return ports;
        }
        catch
        {
            ports.ForEach(each => each.Dispose());
            foreach (SafeFd descriptor in earlier)
            {
                descriptor.Dispose(); // of those that no port has become
            }

            throw;
        }
    }

    /// <summary>Closes what is kept, because nobody here goes on with it: device, address and route go.</summary>
    internal void Release()
    {
        kept.Drop(TunPrefix);
        kept.Drop(UdpPrefix);
    }

    private static bool IsNamed(string has, string? wanted) => wanted is null
        ? has.StartsWith(TunnelLink.Stem, StringComparison.Ordinal)
        : has == wanted;
}
