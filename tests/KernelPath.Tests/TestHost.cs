using System;
using System.Collections.Generic;
using System.Diagnostics;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Tun;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// A network namespace without a name with a tunnel's device and one end of a wire:
/// <code>
/// tunnel (TUN, MTU 1450)   wire (veth, MTU 1500, ADDRESS/24) ══ a network namespace of its own
/// </code>
/// </summary>
internal sealed class TestHost : IDisposable
{
    internal const int TunnelMtu = 1450;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly List<IDisposable> _owned = [];
    private readonly TunDevice _tunnel;

    internal TestHost(NetworkNamespace place, Ipv4Address address)
    {
        Namespace = place;
        Own = new TunnelEndpoint(address, 8285);
        Netlink = Keep(place.Run(RouteNetlink.Open));
        _tunnel = Keep(place.Run(() => TunDevice.Create("tunnel")));
        TunnelIndex = Netlink.FindLink("tunnel")!.Index; // made above
        Netlink.ConfigureLink(
            TunnelIndex, new LinkSettings { Mtu = TunnelMtu, NoIpv6LinkLocalAddress = true, Up = true });
        Link wire = Netlink.FindLink("wire")!; // the caller has made it
        WireIndex = wire.Index;
        WireMac = wire.Mac ?? default;
        Netlink.ConfigureLink(WireIndex, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });
        if (!address.IsUnspecified)
        {
            Netlink.AddAddress(WireIndex, new Ipv4Prefix(address, 24));
        }
    }

    internal NetworkNamespace Namespace { get; }

    internal TunnelEndpoint Own { get; }

    internal RouteNetlink Netlink { get; }

    internal TunQueue Tunnel => _tunnel.Queues[0];

    internal int TunnelIndex { get; }

    internal int WireIndex { get; }

    internal MacAddress WireMac { get; }

    /// <summary>Two of them on one wire.</summary>
    internal static (TestHost One, TestHost Other) Pair(Ipv4Address one, Ipv4Address other)
    {
        var first = NetworkNamespace.Create();
        var second = NetworkNamespace.Create();
        using RouteNetlink netlink = first.Run(RouteNetlink.Open);
        netlink.CreateVethPair("wire", "wire", second, 1500);
        return (new TestHost(first, one), new TestHost(second, other));
    }

    /// <summary>Captures what passes one of its interfaces.</summary>
    internal PacketSocket Capture(int interfaceIndex) => Keep(Namespace.Run(() => PacketSocket.Open(interfaceIndex)));

    /// <summary>Opens a way to send out of its tunnel.</summary>
    internal PacketInjector InjectIntoTunnel(bool virtioNetHeader = false) =>
        Keep(Namespace.Run(() => new PacketInjector(TunnelIndex, virtioNetHeader)));

    /// <summary>Waits until something is there.</summary>
    internal static T Await<T>(Func<T?> look, string what)
        where T : class
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (look() is { } found)
            {
                return found;
            }

            if (Stopwatch.GetElapsedTime(started) > s_deadline)
            {
                throw new TimeoutException($"{what}: nothing within {s_deadline.TotalSeconds} s");
            }
        }
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        Namespace.Dispose();
    }

    private T Keep<T>(T made)
        where T : IDisposable
    {
        _owned.Add(made);
        return made;
    }
}
