using System.CommandLine;
using System.Linq;
using Overlay.Daemon.Commands;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class RunOptionsTests
{
    [Theory]
    [InlineData("run --lease-store etcd:x", "--lease-store is 'etcd:x'; give file:DIR")]
    [InlineData("run --lease-store file:", "--lease-store is 'file:'; give file:DIR")]
    [InlineData("run --lease-store file:/x --mtu 575", "--mtu is '575'; give 576 to 65507")]
    [InlineData("run --lease-store file:/x --mtu 65508", "--mtu is '65508'; give 576 to 65507")]
    [InlineData("run --lease-store file:/x --mtu big", "--mtu is 'big'; give 576 to 65507")]
    [InlineData("run --lease-store file:/x --port 0", "--port is '0'; give 1 to 65535")]
    [InlineData("run --lease-store file:/x --port 65536", "--port is '65536'; give 1 to 65535")]
    [InlineData("run --lease-store file:/x --public-ip 1.2.3", "--public-ip is '1.2.3'; give an IPv4 address")]
    [InlineData("run --iface-can-reach here", "--iface-can-reach is 'here'; give an IPv4 address")]
    [InlineData("run --iface-regex eth(", "could not compile the IP address regex 'eth(': at offset 4. Not enough )'s "
        + "(--iface-regex takes RE2 syntax without look-around, back-references and named classes)")]
    [InlineData("run --iface-regex ^(?!eth)", "could not compile the IP address regex '^(?!eth)': ")]
    [InlineData("run --iface-regex eth[[:digit:]]", "could not compile the IP address regex 'eth[[:digit:]]': classes "
        + @"such as [:digit:] are not taken; write \d")]
    [InlineData(
        "run --lease-store file:/x --source-check maybe", "--source-check is 'maybe'; give strict or peer or off")]
    [InlineData("run --lease-store file:/x --source-check 1", "--source-check is '1'; give strict or peer or off")]
    [InlineData(
        "run --lease-store file:/x --engine fast", "--engine is 'fast'; give offload or batch or classic or pipeline")]
    [InlineData("run --lease-store file:/x --without tun_tso,turbo", "--without is 'tun_tso,turbo'; give names of "
        + "tun_tso, tun_uso, tun_tcp_gro, tun_udp_gro, udp_gso, udp_gro, mmsg")]
    [InlineData("run --lease-store file:/x --workers 0", "--workers is '0'; give duplex, or 1 to 16")]
    [InlineData("run --lease-store file:/x --workers 17", "--workers is '17'; give duplex, or 1 to 16")]
    [InlineData("run --lease-store file:/x --spin-us 1001", "--spin-us is '1001'; give 0 to 1000")]
    [InlineData("run --lease-store file:/x --engine pipeline --workers "
        + "duplex", "--workers is 'duplex' with --engine pipeline; give a number, or another engine")]
    [InlineData("run --lease-store file:/x --nonsense", "--nonsense")]
    public void A_wrong_option_is_refused_with_the_value_found_and_what_to_give(string line, string expected)
    {
        ParseResult parsed = CommandTree.Create().Parse(line);
        Assert.Contains(expected, parsed.Errors[0].Message);
    }

    [Theory]
    [InlineData("run")] // etcd at flanneld's own endpoints
    [InlineData("run --lease-store file:/x")]
    [InlineData("run --lease-store file:/x --iface eth0 --public-ip 192.0.2.1 --subnet-file /s --run-dir /r --mtu "
        + "1400 --port 8472 --source-check off --engine classic")]
    [InlineData("run --lease-store file:/x --engine pipeline --workers 2 --without udp_gso,mmsg --spin-us 50")]
    [InlineData("run --lease-store file:/x --workers duplex")]
    [InlineData("run --iface eth0 --iface eth1 --iface-regex ^eth --iface-regex en[ps] --iface-can-reach 10.0.0.1")]
    [InlineData("run --lease-store=file:relative --mtu=576 --port=1")]
    public void Right_options_are_taken(string line) =>
        Assert.Empty(CommandTree.Create().Parse(line).Errors.Select(error => error.Message));

    [Fact]
    public void A_value_that_begins_with_an_at_sign_is_a_value_and_names_no_file()
    {
        ParseResult parsed = CommandTree.Create().Parse(
            [
                "run", "--lease-store", "etcd", "--etcd-username", "u", "--etcd-password",
                "@secret"], CommandProgram.Parsing);

        Assert.Empty(parsed.Errors);
        Assert.Contains(parsed.Tokens, token => token.Value == "@secret");
    }
}
