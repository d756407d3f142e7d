using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Handover;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Ports;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Udp;

/// <summary>What is open when an earlier daemon's descriptors cannot be taken over.</summary>
[Collection(nameof(TunnelHandoverTests))] // which counts descriptors of TUN devices
public sealed class TunnelHandoverTests : IDisposable
{
    private const ushort Port = 8285;
    private const int Queues = 2;

    private static readonly Ipv4Prefix s_address = Ipv4Prefix.Parse("172.16.0.5/24");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-handover-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_refusal_leaves_nothing_open_but_what_is_kept()
    {
        Needs.Root("makes a network namespace and a TUN device");
        using var place = NetworkNamespace.Create();
        using RouteNetlink netlink = place.Run(RouteNetlink.Open);
        int lo = netlink.FindLink("lo")!.Index;
        netlink.AddAddress(lo, s_address);
        netlink.ConfigureLink(lo, new LinkSettings { Up = true });
        string path = Path.Combine(_directory.FullName, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var service = ServiceManager.Connect(path, NullLogger.Instance);
        using var kept = KeptDescriptors.Inherit(service);
        var handover = new TunnelHandover(kept);
        place.Run(() => handover.OpenTun(null, virtioNetHeader: false, Queues, netlink)).Dispose();
        IReadOnlyList<UdpPort> ports = place.Run(() => handover.BindPorts(s_address.Address, Port, Queues));
        HashSet<string?> sockets = [.. ports.Select(port => LinkOf($"{port.Descriptor.DangerousGetHandle()}"))];
        ports.ToList().ForEach(port => port.Dispose());
        Assert.Equal((Queues, Queues), (Open("/dev/net/tun"), Open([.. sockets])));

        RouteNetlink closed = place.Run(RouteNetlink.Open);
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(
            () => handover.OpenTun(null, virtioNetHeader: false, Queues, closed));
        Assert.Equal(Queues, Open("/dev/net/tun"));

        // The sockets are still bound to it, and a new one cannot be.
        _ = netlink.RemoveAddress(lo, s_address);
        Assert.Throws<LinuxException>(() => place.Run(() => handover.BindPorts(s_address.Address, Port, Queues)));
        Assert.Equal(Queues, Open([.. sockets]));
    }

    // This process's descriptors of these files.
    private static int Open(params string?[] files) => Directory.EnumerateFiles("/proc/self/fd")
        .Count(number => files.Contains(LinkOf(Path.GetFileName(number))));

    private static string? LinkOf(string descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
}
