using System;
using System.CommandLine;
using Overlay.Daemon.Host;
using Overlay.Daemon.Options;
using Overlay.Lab;
using Overlay.Linux.Netlink;
using Overlay.Netns.Tests.Support;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Netns.Tests.StartStop;

/// <summary>The rows of flannel's own tests of the interface lookup (TestLookupExtIface), on the kernel's interfaces.
/// </summary>
public sealed class InterfaceLookupTests : IDisposable
{
    private readonly IpCommand _ip;
    private readonly string _namespace = $"overlay-t{Environment.ProcessId}-lookup";

    public InterfaceLookupTests()
    {
        Prerequisites.Require();
        _ip = new IpCommand();
        _ip.Run("netns", "add", _namespace);
        _ip.Batch(
            _namespace,
            [
                "link set lo up", "link add dummy0 type bridge", "link set dummy0 up", // not every kernel has dummies
                "addr add 1.10.100.1/32 dev dummy0", "addr add 192.168.200.128/32 dev dummy0",
                "addr add 172.16.30.18/32 dev dummy0", "addr add 172.16.31.200/32 dev dummy0",
                "addr add 172.16.32.100/32 dev dummy0", "addr add 2001:db8::1/64 dev dummy0",
                "route add 172.16.32.254 via 172.16.32.100 dev dummy0",
            ]);
    }

    public void Dispose() => _ip.Run("netns", "delete", _namespace);

    [Fact]
    public void IF_1_2_4_6_8_9_10_and_the_way_to_an_address_come_out_as_with_flannel()
    {
        // IF-3, 5 and 7 are of IPv6.
        Assert.Equal(("dummy0", "192.168.200.128", "192.168.200.128"), Look(@"--iface-regex=192\.168\.200\.\d+"));
        Assert.Equal(("dummy0", "1.10.100.1", "1.10.100.1"), Look(@"--iface-regex=dummy\d+"));
        Assert.Equal(("dummy0", "172.16.30.18", "172.16.30.18"), Look("--iface=172.16.30.18"));
        Assert.Equal(
            ("dummy0", "172.16.30.18", "172.16.31.200"),
            Look(@"--iface-regex=172\.16\.30\.\d+", "--public-ip=172.16.31.200"));
        Assert.Contains(
            "no interface with given IP found",
            Assert.Throws<OperatorException>(() => Look("--public-ip=203.0.113.7")).Message);
        Assert.Equal(("dummy0", "1.10.100.1", "1.10.100.1"), Look("--iface=nope", "--iface=dummy0"));
        Assert.Equal("dummy0", Look("--iface-can-reach=172.16.32.254").Name);
        Assert.Equal(("lo", "172.16.31.200", "172.16.31.200"), Look("--iface-can-reach=172.16.31.200"));
        Assert.Contains(
            "couldn't lookup route to 203.0.113.7",
            Assert.Throws<OperatorException>(() => Look("--iface-can-reach=203.0.113.7")).Message);

        Assert.Contains("unable to find default route", Assert.Throws<OperatorException>(() => Look()).Message);
        _ip.Run("-n", _namespace, "route", "add", "default", "dev", "dummy0");
        Assert.Equal(("dummy0", "1.10.100.1", "1.10.100.1"), Look());
    }

    private (string Name, string Address, string External) Look(params string[] words)
    {
        var options = new UnderlayOptions();
        var command = new Command("test");
        options.AddTo(command);
        UnderlayRequest request = options.Read(command.Parse(words));
        UnderlayInterface chosen = LabNamespace.Run(_namespace, () =>
        {
            using var netlink = RouteNetlink.Open();
            return UnderlayChoice.Make(request, HostNetwork.Read(netlink)).Interface;
        });
        return (chosen.Name, $"{chosen.Address}", $"{request.PublicIp ?? chosen.Address}");
    }
}
