using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Daemon.Host;
using Overlay.Doctor;
using Overlay.Health;
using Overlay.Lab;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.Repair;

/// <summary>What of the host is told and not put back: switches, and entries of other programs.</summary>
public sealed class HostChecksTests : IDisposable
{
    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-checks";
    private readonly HealthBoard _health = new(TimeProvider.System);

    public HostChecksTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
        _ip.Batch(_namespace, [
            "link add eth0 type veth peer name eth1", "addr add 172.16.0.1/24 dev eth0", "link set eth0 up",
            "link set eth1 up", "tuntap add dev flannel0 mode tun", "addr add 10.244.1.0/32 dev flannel0",
            "link set flannel0 up", "route add 10.244.0.0/16 dev flannel0", "link add docker0 type bridge",
            "link set docker0 up"]);
        Switch("net.ipv4.ip_forward", 1);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void H5_forwarding_that_is_off_is_told_with_the_line_that_turns_on_what_is_off()
    {
        var forwarding = new StandingChecks(_health);
        Assert.Empty(Warnings());

        Switch("net.ipv4.conf.docker0.forwarding", 0);
        Assert.Equal(["ip-forwarding-off: turn it on: sysctl -w net.ipv4.conf.docker0.forwarding=1"], Warnings());
        Switch("net.ipv4.ip_forward", 0);
        Assert.Equal(["ip-forwarding-off: turn it on: sysctl -w net.ipv4.ip_forward=1"], Warnings());
        Switch("net.ipv4.ip_forward", 1);
        Assert.Empty(Warnings());

        IEnumerable<string> Warnings() => Told(() => forwarding.LookAtForwarding("flannel0"));
    }

    [Fact]
    public void R5_R6_routes_that_stock_left_beside_the_tunnel_are_told_with_the_line_that_removes_each()
    {
        var entries = new ForeignEntries(Ipv4Prefix.Parse("10.244.0.0/16"), "flannel0", _health);
        Assert.Empty(Warnings());

        _ip.Batch(_namespace, [
            "route add 10.244.1.0/24 dev docker0", // the own pods
            "route add 192.168.0.0/16 via 172.16.0.9", // not of the overlay
            "route add 10.244.5.0/24 via 172.16.0.5", // as the backend would have it
            "route add 10.244.3.0/24 via 172.16.0.3", "route add blackhole 10.244.6.0/24",
            "route add 10.244.4.0/24 via 10.244.4.0 dev eth1 onlink"]);
        Assert.Equal(
            [
                "route-around-tunnel: ip route del 10.244.3.0/24 via 172.16.0.3 dev eth0",
                "route-around-tunnel: ip route del 10.244.4.0/24 via 10.244.4.0 dev eth1",
                "route-around-tunnel: ip route del 10.244.6.0/24",
            ],
            Warnings());

        foreach (HealthWarning warning in _health.ReadAll())
        {
            _ip.Batch(_namespace, [warning.Remedy["ip ".Length..]]);
        }

        Assert.Empty(Warnings());

        IEnumerable<string> Warnings() =>
            Told(() => entries.Look(
                Ipv4Prefix.Parse("10.244.1.0/24"), route => route.Destination == Ipv4Prefix.Parse("10.244.5.0/24")));
    }

    [Fact]
    public void R4_what_a_network_manager_gives_to_the_tunnel_is_told_and_an_underlay_is_left_alone()
    {
        var own = Ipv4Prefix.Parse("10.244.1.0/24");
        var network = Ipv4Prefix.Parse("10.244.0.0/16");
        _ip.Batch(_namespace, ["addr add 169.254.7.7/16 dev flannel0", "route add default dev flannel0"]);
        var tunnel = new ForeignEntries(network, "flannel0", _health);
        _ = Told(() => tunnel.Look(own, _ => false));
        HealthWarning told = Assert.Single(_health.ReadAll());
        Assert.Equal(
            (HealthCodes.TunnelManaged,
                "flannel0 has the address 169.254.7.7/16, a default route, which another program gave it"),
            (told.Code, told.Cause));

        _ip.Batch(_namespace, ["addr del 169.254.7.7/16 dev flannel0", "route del default"]);
        Assert.Empty(Told(() => tunnel.Look(own, _ => false)));
        var routed = new ForeignEntries(network, tunnel: null, _health);
        Assert.Empty(Told(() => routed.Look(own, _ => false)));
    }

    [Fact]
    public void A_check_of_source_addresses_that_stays_strict_is_told()
    {
        Switch("net.ipv4.conf.all.rp_filter", 0);
        Within(() => ReversePath.Loosen("gone0", NullLogger.Instance, _health)); // it has no switch
        Assert.Empty(_health.ReadAll());
        Switch("net.ipv4.conf.all.rp_filter", 1);
        Within(() => ReversePath.Loosen("gone0", NullLogger.Instance, _health));
        Assert.Equal(HealthCodes.StrictReversePath, Assert.Single(_health.ReadAll()).Code);
    }

    private IEnumerable<string> Told(Action look)
    {
        Within(look);
        return _health.ReadAll().Select(warning => $"{warning.Code.Name}: {warning.Remedy}");
    }

    // net.ipv4.ip_forward: /proc/sys shows the namespace of the thread that opens it.
    private void Switch(string name, int value) => Within(
        () => File.WriteAllText($"/proc/sys/{name.Replace('.', '/')}", $"{value}"));

    private void Within(Action action) => LabNamespace.Run(_namespace, () =>
    {
        action();
        return true;
    });
}
