using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Backends.Udp;
using Overlay.Health;
using Overlay.Lab;
using Overlay.Lease;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Overlay.Tun;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>What upkeep does when flannel0 is changed, renamed, moved away, or another device has its name.</summary>
public sealed class LostDeviceTests : IDisposable
{
    private const int Mtu = 1400;
    private const string Name = "flannel0";

    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-lost";
    private readonly string _elsewhere = $"overlay-t{Environment.ProcessId}-else";
    private readonly Lines _log = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly TunDevice _tun;
    private readonly RouteNetlink _netlink;
    private readonly TunnelAddress _host;

    public LostDeviceTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Batch(null, [$"netns add {_namespace}", $"netns add {_elsewhere}"]);
        (_tun, _netlink) = LabNamespace.Run(_namespace, () => (TunDevice.Create(Name), RouteNetlink.Open()));
        Ipv4Prefix network = NetworkConfig.Parse(TestLab.DefaultConfig).Network;
        Assert.True(Ipv4Prefix.TryParse("10.244.7.0/24", out Ipv4Prefix subnet));
        _host = new TunnelAddress(_netlink, network, Mtu, _log, _health);
        _host.Configure(Name, _netlink.FindLink(Name)!.Index, subnet);
    }

    public void Dispose()
    {
        _tun.Dispose();
        _netlink.Dispose();
        _ip.Batch(null, [$"netns delete {_namespace}", $"netns delete {_elsewhere}"]);
    }

    [Fact]
    public void Another_mtu_is_put_back_and_reported()
    {
        _ip.Run("-n", _namespace, "link", "set", Name, "mtu", "1300");

        RepairTwice();

        Assert.Equal([$"MTU {Mtu} of flannel0 was gone and is put back"], _log.Texts);
        Assert.Equal(Mtu, _netlink.FindLink(Name)?.Mtu);
    }

    [Fact]
    public void A_foreign_route_in_the_way_is_reported_once_and_what_else_is_missing_is_put_back()
    {
        _ip.Batch(_namespace, [
            "route del 10.244.0.0/16", "link set lo up", "route add 10.244.0.0/16 dev lo",
            "link set flannel0 mtu 1300"]);

        RepairTwice();

        Assert.Equal(
            [
                $"MTU {Mtu} of flannel0 was gone and is put back",
                "flannel0 could not be looked after: a route to 10.244.0.0/16 exists already and leads to lo; remove "
                    + "it (ip route del 10.244.0.0/16) or choose another Network",
            ],
            _log.Texts);
        Assert.Contains(HealthCodes.RouteMissing, Codes());
        _ip.Run("-n", _namespace, "route", "del", "10.244.0.0/16");
        RepairTwice();
        Assert.Empty(Codes());
        Assert.Equal("route 10.244.0.0/16 of flannel0 was gone and is put back", _log.Texts[^1]);
        Assert.Equal(3, _log.Texts.Count);
    }

    [Fact]
    public void A_renamed_device_is_looked_after_and_reported_once()
    {
        _ip.Batch(_namespace, ["link set flannel0 down", "link set flannel0 name other0", "link set other0 up"]);

        RepairTwice();

        Assert.Single(_log.Texts, text => text.Contains("renamed to other0", StringComparison.Ordinal)
            && text.EndsWith("ip link set other0 name flannel0", StringComparison.Ordinal));
        Assert.Contains(
            _log.Texts, text => text.StartsWith("route 10.244.0.0/16 of other0 was gone", StringComparison.Ordinal));
        Assert.Equal(2, _log.Texts.Count);
        Assert.Equal([HealthCodes.LinkRenamed], Codes());
    }

    [Fact]
    public void A_device_moved_away_is_reported_once_with_the_remedy()
    {
        _ip.Run("-n", _namespace, "link", "set", Name, "netns", _elsewhere);

        RepairTwice();

        Assert.Equal(
            ["interface flannel0 has left this network namespace, so nothing is forwarded; restart overlay to have "
                + "it made anew"], _log.Texts);
        Assert.Equal([HealthCodes.LinkGone], Codes());
    }

    [Theory]
    [InlineData("link add flannel0 type bridge")]
    [InlineData("link add flannel0 index 77 type bridge")]
    [InlineData("tuntap add dev flannel0 mode tun")]
    public void Another_device_of_the_same_name_is_not_touched(string creation)
    {
        int index = _netlink.FindLink(Name)!.Index;
        _ip.Run("-n", _namespace, "link", "set", Name, "netns", _elsewhere);
        _ip.Batch(_namespace, [
            creation.Replace("77", $"{index}", StringComparison.Ordinal), "link set flannel0 up mtu 1300"]);

        RepairTwice();

        string line = Assert.Single(_log.Texts);
        Assert.Contains(
            "another device: remove it (ip link del flannel0), then restart overlay", line, StringComparison.Ordinal);
        Link foreign = _netlink.FindLink(Name)!;
        Assert.Equal(1300, foreign.Mtu);
        Assert.DoesNotContain(
            _netlink.GetAddresses(), address => address.InterfaceIndex == foreign.Index && address.Local.Length == 32);
        Assert.DoesNotContain(_netlink.GetRoutes(), route => route.InterfaceIndex == foreign.Index);
    }

    private IEnumerable<HealthCode> Codes() => _health.ReadAll().Select(warning => warning.Code);

    private void RepairTwice()
    {
        _host.Repair();
        _host.Repair();
    }

    private sealed class Lines : ILogger
    {
        internal List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));
    }
}
