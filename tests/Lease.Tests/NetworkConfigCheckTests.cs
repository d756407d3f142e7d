using System;
using System.Linq;
using Xunit;

namespace Overlay.Lease.Tests;

public sealed class NetworkConfigCheckTests
{
    [Fact]
    public void A_valid_config_comes_back_completed_and_without_a_word()
    {
        var check = NetworkConfigCheck.Of("""{"network":"10.5.0.0/16","Backend":{"type":"udp","PORT":8472}}""");

        Assert.Equal(24, check.Config?.SubnetLength);
        Assert.Equal(new BackendConfig("udp", """{"type":"udp","PORT":8472}"""), check.Config?.Backend);
        Assert.Empty(check.Problems);
        Assert.Empty(check.Oddities);
    }

    [Fact]
    public void Every_broken_rule_is_named_once_the_first_as_Parse_has_it()
    {
        const string Json = """
            {"Network":"10.5.0.0/16","SubnetMin":"10.6.0.0","SubnetMax":"10.5.9.1",
             "EnableIPv6":true,"IPv6Network":"fc00::/48","IPv6SubnetLen":49}
            """;

        var check = NetworkConfigCheck.Of(Json);

        Assert.Null(check.Config);
        Assert.Equal(
            [
                "SubnetMin is not in the range of the Network",
                "SubnetMax is not on a SubnetLen boundary: 10.5.9.1",
                "network must be able to accommodate at least four subnets",
            ],
            check.Problems);
        Assert.Equal(check.Problems[0], Assert.Throws<NetworkConfigException>(() => NetworkConfig.Parse(Json)).Message);
    }

    [Fact]
    public void Every_value_that_cannot_be_read_is_named_and_no_rule_is_applied_to_the_rest()
    {
        var check = NetworkConfigCheck.Of("""{"Network":"10.5.0.0","SubnetLen":"24","EnableIPv6":1}""");

        Assert.Equal(
            [
                "invalid CIDR address: 10.5.0.0", "SubnetLen must be an unsigned integer, found \"24\"",
                "EnableIPv6 must be true or false, found 1",
            ],
            check.Problems);
    }

    [Theory]
    [InlineData(
        """{"Network":"10.5.0.0/16","SubnetLenght":24}""",
        "the key 'SubnetLenght' is not known and is ignored; did you mean SubnetLen?")]
    [InlineData(
        """{"Network":"10.5.0.0/16","Netwrok":"10.6.0.0/16"}""",
        "the key 'Netwrok' is not known and is ignored; did you mean Network?")]
    [InlineData(
        """{"Network":"10.5.0.0/16","Comment":"x"}""",
        "the key 'Comment' is not known and is ignored; known are EnableIPv4,")]
    [InlineData(
        """{"Network":"10.5.0.0/16","network":"10.6.0.0/16"}""",
        "the key 'network' is given more than once; the last one counts")]
    [InlineData(
        """{"Nettwork":"10.5.0.0/16"}""",
        "the key 'Nettwork' is not known and is ignored; did you mean Network?")]
    public void A_key_nobody_reads_is_an_oddity(string json, string expected) =>
        Assert.StartsWith(expected, Assert.Single(NetworkConfigCheck.Of(json).Oddities), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","VNI":1,"DirectRouting":true}}""")]
    [InlineData("""{"Network":"10.5.0.0/16","Backend":{"Type":"udp","Port":0}}""")]
    [InlineData("""{"Network":"10.5.0.0/16","Backend":null}""")]
    public void A_backends_options_are_not_judged(string json) =>
        Assert.Empty(NetworkConfigCheck.Of(json).Oddities);

    [Theory]
    [InlineData("", "the config is not valid JSON")]
    [InlineData("[1]", "the config must be a JSON object, found [1]")]
    [InlineData("null", "please define a correct Network parameter")]
    [InlineData("\uFEFF{}", "the config starts with a byte order mark")]
    [InlineData("""{"Network":"\ud800"}""", "the config holds text that is not Unicode")]
    public void Text_that_is_no_config_is_one_problem(string json, string problem)
    {
        var check = NetworkConfigCheck.Of(json);

        Assert.Null(check.Config);
        Assert.StartsWith(problem, Assert.Single(check.Problems), StringComparison.Ordinal);
        Assert.Empty(check.Oddities);
    }

    [Fact]
    public void Both_families_are_checked()
    {
        var check = NetworkConfigCheck.Of("""{"EnableIPv6":true}""");

        Assert.Equal(2, check.Problems.Count);
        Assert.Equal(2, check.Problems.Distinct().Count());
        Assert.Null(check.Config);
    }
}
