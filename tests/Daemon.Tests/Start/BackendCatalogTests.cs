using System;
using System.CommandLine;
using System.Linq;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Backends.Vxlan;
using Overlay.Daemon.Commands;
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
    [InlineData("""{"Type":"ipip","Port":0}""", "ipip")]
    public void A_type_this_daemon_does_not_have_is_refused_with_those_it_has(string backend, string type)
    {
        var config = NetworkConfig.Parse($$"""{"Network":"10.3.0.0/16","Backend":{{backend}}}""");

        Assert.Matches(
            $$"""^unknown backend type: '{{type}}' in the network config of file:/x; set Backend to {"Type":"udp"} """
                + """.*or {"Type":"host-gw"}""",
            Assert.Throws<OperatorException>(() => BackendCatalog.Find(config, "file:/x")).Message);
    }

    [Fact]
    public void A_config_without_IPv4_is_refused_in_one_line()
    {
        var config = NetworkConfig.Parse("""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fc00::/48"}""");

        Assert.Equal(
            "the network config in file:/x has EnableIPv4 false, and the overlay carries IPv4 alone: set it to true",
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

    [Fact]
    public void Options_that_only_another_backend_has_are_refused_and_its_own_and_those_of_all_are_taken()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.3.0.0/16","Backend":{"Type":"host-gw"}}""");
        IBackendKind hostGw = BackendCatalog.Find(config, "file:/x");

        Assert.Equal(
            "--mtu, --engine concern the backend udp only, and the network config in file:/x asks for host-gw: leave "
                + "them out",
            Assert.Throws<OperatorException>(() => BackendCatalog.CheckRunOptions(
                hostGw, ["--iface", "--mtu", "--engine"], "file:/x")).Message);
        BackendCatalog.CheckRunOptions(hostGw, ["--iface", "--public-ip", "--run-dir"], "file:/x");
        BackendCatalog.CheckRunOptions(new UdpBackendKind(), ["--iface", "--mtu", "--engine"], "file:/x");
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("host-gw")]
    public void A_fallback_is_for_vxlan_alone_which_then_takes_the_options_of_udp_as_well(string other)
    {
        string[] given = ["--iface", "--fallback", "--port"];
        IBackendKind kind = BackendCatalog.Find(
            NetworkConfig.Parse($$$"""{"Network":"10.3.0.0/16","Backend":{"Type":"{{{other}}}"}}"""), "file:/x");

        Assert.Equal(
            $"--fallback concerns the backend vxlan only, and the network config in file:/x asks for {other}: leave it "
                + "out",
            Assert.Throws<OperatorException>(
                () => BackendCatalog.CheckRunOptions(kind, ["--fallback"], "file:/x")).Message);
        BackendCatalog.CheckRunOptions(new FallbackBackendKind(), given, "file:/x");
        Assert.Equal("vxlan", new FallbackBackendKind().Type);
        Assert.Throws<OperatorException>(
            () => BackendCatalog.CheckRunOptions(new VxlanBackendKind(), given, "file:/x"));
    }

    [Fact]
    public void Every_option_that_a_backend_calls_its_own_is_one_of_run()
    {
        Command run = CommandTree.Create().Subcommands.Single(command => command.Name == "run");

        Assert.NotEmpty(new UdpBackendKind().RunOptions);
        Assert.All(
            new FallbackBackendKind().RunOptions, name => Assert.Contains(run.Options, option => option.Name == name));
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
