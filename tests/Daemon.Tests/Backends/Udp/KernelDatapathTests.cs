using System;
using System.Linq;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Options;
using Overlay.Health;
using Overlay.KernelPath;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Router.Packets;
using Overlay.Router.Paths;
using Overlay.Router.Routes;
using Overlay.Testing;
using Overlay.Tun;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Udp;

/// <summary>The kernel path of a host in a network namespace without a name; its clock stands still.</summary>
[Collection(nameof(TunnelHandoverTests))] // which counts descriptors of TUN devices
public sealed class KernelDatapathTests : IDisposable
{
    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.0.0.0/8");
    private static readonly Ipv4Prefix s_own = Ipv4Prefix.Parse("10.255.0.0/24");
    private static readonly TunnelEndpoint s_endpoint = new(Ipv4Address.Parse("192.168.7.1"), 8285);

    private readonly NetworkNamespace _host;
    private readonly NetworkNamespace _other;
    private readonly RouteNetlink _netlink;
    private readonly TunDevice _tunnel;
    private readonly RouteTableCell _routes = new();
    private readonly LineLog _log = new();
    private readonly ManualTime _clock = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly KernelDatapath _datapath;

    public KernelDatapathTests()
    {
        Needs.Root("makes network namespaces, bpf(2)");
        _host = NetworkNamespace.Create();
        _other = NetworkNamespace.Create();
        _netlink = _host.Run(RouteNetlink.Open);
        _tunnel = _host.Run(() => TunDevice.Create("tunnel"));
        MakeWire();
        int tunnelIndex = _netlink.FindLink("tunnel")!.Index; // made above
        var options = new KernelForwardingOptions(s_endpoint, tunnelIndex, 1450, 0, s_network, 24);
        _datapath = _host.Run(() => new KernelDatapath(
            Datapath.Auto, options, "wire", _routes, new PeerPaths(_clock), _log, _clock)
        {
            Health = _health,
        });
    }

    public void Dispose()
    {
        _datapath.Dispose();
        _tunnel.Dispose();
        _netlink.Dispose();
        _other.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void A_line_says_when_peers_find_no_room_and_when_all_have_it_again()
    {
        _routes.Publish(TableOf(KernelForwarding.MostPeers + 3));
        _host.Run(_datapath.Start);
        _host.Run(_datapath.Repair);
        Assert.Equal("kernel", _datapath.State);
        Assert.Equal(
            "packets to and from 3 peers go through user space, because the kernel path has room for 8191",
            Assert.Single(_log.Lines));

        _routes.Publish(TableOf(KernelForwarding.MostPeers));
        _host.Run(() => _datapath.Settle(_routes.Current));
        _host.Run(_datapath.Repair);
        Assert.Equal("the kernel path has room for all peers again", _log.Lines[^1]);
        Assert.Equal(2, _log.Lines.Count);
    }

    [Fact]
    public void An_underlay_whose_interface_is_made_anew_is_found_again()
    {
        _host.Run(_datapath.Start);
        Assert.True(_netlink.DeleteLink(_netlink.FindLink("wire")!.Index));
        Pass(TimeSpan.FromSeconds(1));
        Pass(TimeSpan.FromSeconds(25));
        Assert.Equal("user (interface wire is gone)", _datapath.State);
        Assert.EndsWith("disturbed: interface wire is gone; it is tried again in 10 s", Assert.Single(_log.Lines));
        Assert.Contains(_health.ReadAll(), warning => warning.Code == HealthCodes.KernelPathDisturbed);

        MakeWire();
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal("kernel", _datapath.State);
        Assert.Equal("the kernel path is back", _log.Lines[^1]);
        Assert.Empty(_health.ReadAll());
        Assert.Single(_host.Run(
            () => BpfLink.OpenAll(_netlink.FindLink("wire")!.Index, BpfAttachPoint.Ingress)));
    }

    private void MakeWire()
    {
        _netlink.CreateVethPair("wire", "wire", _other, 1500);
        int index = _netlink.FindLink("wire")!.Index; // made above
        _netlink.ConfigureLink(index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });
        _netlink.AddAddress(index, Ipv4Prefix.Parse("192.168.7.1/1")); // all peers are on this link
    }

    // The timer fires on the caller's thread.
    private void Pass(TimeSpan time) => _host.Run(() => _clock.Advance(time));

    private static RouteTable TableOf(int peers) => RouteTable.Build(
        s_network,
        s_own,
        Enumerable.Range(0, peers).Select(number => new Route(
            new Ipv4Prefix(new Ipv4Address(s_network.First.Value + ((uint)number << 8)), 24),
            new Ipv4Address(0xAC100000 + (uint)number))));
}
