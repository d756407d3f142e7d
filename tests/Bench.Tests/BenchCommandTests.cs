using System;
using System.CommandLine;
using System.Linq;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("--rounds 4", "--rounds is '4'; give 5 to 100")]
    [InlineData("--seconds 0.01", "--seconds is '0.01'; give 0.05 to 20")]
    [InlineData("--seconds NaN", "--seconds is 'NaN'; give 0.05 to 20")]
    [InlineData(
        "--variants offload,fast", "--variants is 'offload,fast'; give names of direct, routing, vxlan, host-gw")]
    [InlineData("--wire copper", "--wire is 'copper'; give veth or nic")]
    [InlineData("--peer ipip", "--peer is 'ipip'; give NAME=COMMAND")]
    [InlineData("--json --csv", "--json and --csv are both given; give one of them")]
    public void What_cannot_be_measured_is_refused_with_the_value_and_the_remedy(string line, string expected)
    {
        ParseResult parsed = new RootCommand { BenchCommand.Create() }.Parse($"bench {line}", CommandProgram.Parsing);

        Assert.StartsWith(expected, Assert.Single(parsed.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ipip=ip tunnel add", "ipip", "ip tunnel add")]
    [InlineData("a=b=c", "a", "b=c")]
    [InlineData("<&>=true", "<&>", "true")]
    public void A_peer_is_a_name_and_everything_behind_the_first_equals_sign(
        string text, string name, string command) =>
        Assert.Equal(new PeerOption(name, command), PeerOption.Parse(text));

    [Theory]
    [InlineData("=true")]
    [InlineData("name=")]
    [InlineData("name= ")]
    [InlineData("two words=true")]
    [InlineData("a\u0007b=true")]
    [InlineData("a2345678901234567890123456789012345678901=true")]
    public void A_peer_without_a_visible_name_or_a_command_is_refused(string text) =>
        Assert.Null(PeerOption.Parse(text));

    [Fact]
    public void A_report_names_the_peers_and_not_what_they_are_started_with() => Assert.Equal(
        "overlay bench --quick --peer wg=… --peer=b=…",
        BenchCommand.CommandLine(
            ["overlay.dll", "bench", "--quick", "--peer", "wg=wg set key=secret", "--peer=b=secret"]));

    [Fact]
    public void Every_variant_has_a_name_of_its_own_and_every_acceleration_is_switched_off_in_one() =>
        Assert.Equal(
            [
                "direct", "routing", "vxlan", "host-gw-backend", "vxlan-backend", "classic", "batch", "pipeline",
                "offload", "kernel-path", "offload-with-a-copy", "offload-with-four-copies",
                "offload-without-tun_tso", "offload-without-tun_uso", "offload-without-tun_tcp_gro",
                "offload-without-tun_udp_gro", "offload-without-udp_gso", "offload-without-udp_gro",
                "offload-without-mmsg",
            ],
            Variant.All.Select(variant => variant.Name));

    [Fact]
    public void Engines_are_metered_and_what_leaves_forwarding_to_the_kernel_is_not() => Assert.All(
        Variant.All, variant => Assert.Equal(
            variant.Kind == VariantKind.Engine, variant.RunArguments.Contains("--meter")));

    [Fact]
    public void A_quick_run_measures_for_some_two_minutes_and_still_five_rounds()
    {
        var plan = BenchPlan.Quick(Variant.Quick, Wire.Veth);

        Assert.Equal(5, plan.Rounds);
        TimeSpan measured = ((plan.Omit + plan.Duration) * plan.Steps) + (plan.WarmUp * plan.Variants.Count);
        Assert.InRange(measured, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(135));
    }

    [Fact]
    public void Shorter_measurements_leave_out_less_and_longer_ones_the_same()
    {
        var plan = BenchPlan.Full(Variant.All, Wire.Veth);

        Assert.Equal(plan.Omit / 10, plan.Lasting(plan.Duration / 10).Omit);
        Assert.Equal(plan.Omit, plan.Lasting(plan.Duration * 10).Omit);
    }
}
