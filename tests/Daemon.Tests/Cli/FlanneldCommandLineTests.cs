using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Overlay.Daemon.Commands;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class FlanneldCommandLineTests
{
    [Theory]
    [InlineData("-etcd-endpoints=http://a:1 -iface eth0", "run --etcd-endpoints=http://a:1 --iface=eth0")]
    [InlineData("run -mtu 1400 --port=1", "run --mtu=1400 --port=1")]
    [InlineData("--mtu=1400 -mtu=1300", "run --mtu=1300")] // the last of several
    [InlineData("-etcd-prefix -mtu", "run --etcd-prefix=-mtu")] // the word behind is the value, whatever it looks like
    [InlineData("-meter", "run --meter=true")]
    [InlineData("--meter=T -set-node-network-unavailable=0", "run --meter=true --set-node-network-unavailable=false")]
    [InlineData("-public-ip= -etcd-cafile=", "run")] // flanneld's default, which is none
    [InlineData("-log_backtrace_at=a.go:1", "run --log_backtrace_at=a.go:1")]
    [InlineData("-iface eth0 -version", "--version")]
    [InlineData("-iface eth0 -h", "run --help")]
    [InlineData("run --help", "run --help")]
    [InlineData("-help", "--help")]
    [InlineData("--version", "--version")]
    [InlineData("", "")]
    [InlineData("lease list --json", "lease list --json")]
    [InlineData("nonsense -meter", "nonsense -meter")]
    public void Words_of_run_are_read_as_flanneld_reads_them_and_others_pass_unchanged(string given, string words) =>
        Assert.Equal(words, string.Join(' ', Read("overlay", given).Words));

    [Theory]
    [InlineData("", "run")]
    [InlineData("-iface=eth0", "run --iface=eth0")]
    [InlineData("--help", "run --help")]
    [InlineData("counters", "counters")]
    public void Started_as_flanneld_it_runs_without_a_verb(string given, string words) =>
        Assert.Equal(words, string.Join(' ', Read("flanneld", given).Words));

    [Fact]
    public void Every_option_of_run_has_a_variable_which_yields_to_the_command_line_and_may_be_empty()
    {
        (string, string)[] variables =
        [
            ("FLANNELD_ETCD_ENDPOINTS", "http://b:1"), ("FLANNELD_IFACE", "eth1"), ("FLANNELD_METER", "1"),
            ("FLANNELD_MTU", ""), ("FLANNELD_PUBLIC_IP", "192.0.2.1"),
        ];

        Assert.Equal(
            ["--etcd-endpoints=http://b:1", "--iface=eth0", "--meter=true", "run"],
            Read("overlay", "-iface eth0 -public-ip=", variables).Words.Order(StringComparer.Ordinal));
        Assert.Equal("run", Read("overlay", "", variables).Words[0]); // the environment alone asks for it, too
        Assert.Equal(["lease", "list"], Read("overlay", "lease list", variables).Words);
        Assert.All(
            Run().Options, option => Assert.Matches("^FLANNELD_[A-Z0-9_]+$", FlanneldVariables.NameFor(option)));
    }

    [Theory]
    [InlineData("-meter=maybe", "--meter is 'maybe'; give true or false")]
    [InlineData("-meter false", "'false' behind --meter stands by itself; write --meter=false")]
    [InlineData("-iface", "Required argument missing for option: '--iface'")]
    [InlineData("-nonsense=1", "Unrecognized command or argument '-nonsense=1'")]
    [InlineData("-iface=eth0 stray", "Unrecognized command or argument 'stray'")]
    [InlineData(
        "-kube-annotation-prefix=org", "--kube-annotation-prefix is 'org': subnet/kube: prefix must be in a format")]
    [InlineData("", "--mtu (from FLANNELD_MTU) is 'big'; give 576 to 65507", "FLANNELD_MTU", "big")]
    [InlineData("", "--meter (from FLANNELD_METER) is 'x'; give true or false", "FLANNELD_METER", "x")]
    [InlineData(
        "--lease-store file:/x", "--etcd-prefix (from FLANNELD_ETCD_PREFIX) is given with --lease-store file:/x",
        "FLANNELD_ETCD_PREFIX", "/p")]
    public void What_is_wrong_is_one_line_that_names_the_variable_if_it_comes_from_one(
        string given, string expected, string? variable = null, string value = "")
    {
        FlanneldCommandLine line = Read("flanneld", given, variable is null ? [] : [(variable, value)]);
        ParseResult parsed = CommandTree.Create().Parse(line.Words, CommandProgram.Parsing);
        Assert.StartsWith(expected, line.Explain(parsed.Errors[0].Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-kube-subnet-mgr=false -vmodule=a=1 -ip-blackhole-route -public-ipv6=2001:db8::1")]
    [InlineData("--ip-masq --kube-subnet-mgr --healthz-port=8081")]
    [InlineData("-kube-subnet-mgr -kube-api-url= -kubeconfig-file= -set-node-network-unavailable=false "
        + "-kube-annotation-prefix=org.com/9 -net-config-path=/x -etcd-prefix=/unused")]
    [InlineData("-etcd-endpoints=http://10.0.0.1:2379,http://10.0.0.2:2379 -etcd-prefix=/atomic.io/network "
        + "-public-ip=192.0.2.1 -iface=eth0 -subnet-lease-renew-margin=30 -subnet-file=/run/f.env")]
    public void Old_command_lines_are_taken(string given)
    {
        FlanneldCommandLine line = Read("flanneld", given);
        Assert.Empty(CommandTree.Create().Parse(line.Words, CommandProgram.Parsing).Errors
            .Select(error => error.Message));
    }

    [Fact]
    public void A_variable_that_is_no_options_is_named() => Assert.Equal(
        ["FLANNELD_IFCAE"],
        FlanneldVariables.Unknown(
            Run().Options, Environment([("FLANNELD_IFCAE", "x"), ("FLANNELD_IFACE", "y"), ("HOME", "/")])));

    private static Command Run() => CommandTree.Create().Subcommands.Single(command => command.Name == "run");

    private static FlanneldCommandLine Read(string program, string words, params (string, string)[] variables) =>
        FlanneldCommandLine.Read(
            CommandTree.Create(), program, words.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Environment(variables));

    private static Dictionary<string, string> Environment((string Name, string Value)[] variables) =>
        variables.ToDictionary(variable => variable.Name, variable => variable.Value);
}
