using System;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Start;
using Overlay.Lease;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Start;

public sealed class BackendCatalogTests
{
    [Theory]
    [InlineData("null", "")]
    [InlineData("{}", "")]
    [InlineData("""{"Type":"vxlan","Port":0}""", "vxlan")]
    public void A_type_this_daemon_does_not_have_is_refused_with_those_it_has(string backend, string type)
    {
        var config = NetworkConfig.Parse($$"""{"Network":"10.3.0.0/16","Backend":{{backend}}}""");

        Assert.Equal(
            $$"""unknown backend type: '{{type}}' in the network config of file:/x; set Backend to {"Type":"udp"}""",
            Assert.Throws<OperatorException>(() => BackendCatalog.Find(config, "file:/x")).Message);
    }

    [Fact]
    public void An_option_that_is_not_valid_is_refused_before_the_machine_is_changed()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.3.0.0/16","Backend":{"Type":"udp","Port":"8285"}}""");

        Assert.Equal(
            "the network config in file:/x is not valid: error decoding UDP backend config: Port must be an integer "
                + "from 1 to 65535, found \"8285\"; found: {\"Type\":\"udp\",\"Port\":\"8285\"}; correct it with: "
                + "overlay config put",
            Assert.Throws<OperatorException>(() => BackendCatalog.Find(config, "file:/x")).Message);
    }

    [Theory]
    [InlineData("0.0.0.0/8")]
    [InlineData("127.0.0.0/8")]
    [InlineData("224.0.0.0/8")]
    public void A_network_of_no_hosts_is_refused(string network)
    {
        var config = NetworkConfig.Parse($$"""{"Network":"{{network}}"}""");

        Assert.Contains(
            $"the Network {network} in the network config of file:/x holds no hosts' addresses",
            Assert.Throws<OperatorException>(() => BackendCatalog.Find(config, "file:/x")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"Network":"240.0.0.0/8"}""", 8285)]
    [InlineData("""{"Network":"10.3.0.0/16"}""", 8285)]
    [InlineData("""{"Network":"10.3.0.0/16","Backend":{"type":"UDP"}}""", 8285)]
    [InlineData("""{"Network":"10.3.0.0/16","Backend":{"type":"UDP","PORT":65535}}""", 65535)]
    [InlineData("""{"Network":"10.3.0.0/16","Backend":{"Type":"udp","Port":null}}""", 8285)]
    public void Udp_reads_its_port(string json, int port)
    {
        var config = NetworkConfig.Parse(json);

        Assert.IsType<UdpBackendKind>(BackendCatalog.Find(config, "file:/x"));
        Assert.Equal(port, UdpBackendOptions.Read(config.Backend).Port);
    }
}
