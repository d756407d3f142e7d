using Overlay.Daemon.Backends;
using Overlay.Daemon.Backends.HostGw;
using Overlay.Lease;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.HostGw;

public sealed class HostGwBackendKindTests
{
    private readonly HostGwBackendKind _kind = new();

    [Theory]
    [InlineData("host-gw", true)]
    [InlineData("Host-GW", false)]
    [InlineData("vxlan", false)]
    [InlineData("", false)] // udp's
    public void Only_leases_of_its_own_type_are_for_it_as_stock_spells_it(string type, bool isTaken) =>
        Assert.Equal(isTaken, _kind.Takes(new BackendLeaseData(type)));

    [Fact]
    public void It_has_no_options_and_routes_the_peers_subnets()
    {
        BackendConfig backend = NetworkConfig.Parse(
            """{"Network":"10.3.0.0/16","Backend":{"Type":"host-gw","Port":1}}""").Backend;

        Assert.Equal("""{"Type":"host-gw"}""", _kind.Complete(backend).Json);
        Assert.Equal("host-gw", _kind.Complete(backend).Text);
        Assert.Single(backend.FindOddities(_kind.Complete(backend).KnownOptions));
        Assert.Equal(RoutedPart.PeerSubnets, _kind.Routes);
    }
}
