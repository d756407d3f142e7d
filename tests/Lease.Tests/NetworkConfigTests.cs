using Xunit;

namespace Overlay.Lease.Tests;

public sealed class NetworkConfigTests
{
    [Theory]
    [InlineData("CFG-1", """{ "network": "10.3.0.0/16" }""", "10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0")]
    [InlineData("CFG-2", """{ "network": "10.3.0.0/16" }""", "10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0")]
    [InlineData("CFG-3", """{ "network": "10.3.0.0/16" }""", "10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0")]
    [InlineData("CFG-6",
        """{ "Network": "10.3.0.0/16", "SubnetMin": "10.3.5.0", "SubnetMax": "10.3.8.0", "SubnetLen": 28 }""",
        "10.3.0.0/16", 28, "10.3.5.0", "10.3.8.0")]
    [InlineData("CFG-20", """{"Network":"10.0.0.0/8"}""", "10.0.0.0/8", 24, "10.0.1.0", "10.255.255.0")]
    [InlineData("CFG-21", """{"Network":"10.3.7.9/16"}""", "10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0")]
    [InlineData("CFG-22", """{"Network":"10.0.0.0/21"}""", "10.0.0.0/21", 24, "10.0.1.0", "10.0.7.0")]
    [InlineData("CFG-24", """{"Network":"10.0.0.0/23"}""", "10.0.0.0/23", 25, "10.0.0.128", "10.0.1.128")]
    [InlineData("CFG-25", """{"Network":"10.0.0.0/24"}""", "10.0.0.0/24", 26, "10.0.0.64", "10.0.0.192")]
    [InlineData("CFG-26", """{"Network":"10.0.0.0/25"}""", "10.0.0.0/25", 27, "10.0.0.32", "10.0.0.96")]
    [InlineData("CFG-28", """{"Network":"10.0.0.0/27"}""", "10.0.0.0/27", 29, "10.0.0.8", "10.0.0.24")]
    [InlineData("CFG-29", """{"Network":"10.0.0.0/28"}""", "10.0.0.0/28", 30, "10.0.0.4", "10.0.0.12")]
    [InlineData("CFG-32", """{"Network":"255.255.0.0/16"}""", "255.255.0.0/16", 24, "255.255.1.0", "255.255.255.0")]
    [InlineData("CFG-34", """{"Network":"10.3.0.0/16","SubnetLen":30}""",
        "10.3.0.0/16", 30, "10.3.0.4", "10.3.255.252")]
    [InlineData("CFG-37", """{"Network":"10.3.0.0/16","SubnetLen":18}""", "10.3.0.0/16", 18, "10.3.64.0", "10.3.192.0")]
    [InlineData("CFG-38", """{"Network":"10.3.0.0/28","SubnetLen":30}""", "10.3.0.0/28", 30, "10.3.0.4", "10.3.0.12")]
    [InlineData("CFG-44", """{"Network":"10.3.0.0/16","SubnetMin":"10.3.9.0","SubnetMax":"10.3.2.0"}""",
        "10.3.0.0/16", 24, "10.3.9.0", "10.3.2.0")]
    [InlineData("CFG-45", """{"Network":"10.3.0.0/16","SubnetMin":"0.0.0.0","SubnetMax":"0.0.0.0"}""",
        "10.3.0.0/16", 24, "10.3.1.0", "10.3.255.0")]
    [InlineData("CFG-46", """{"Network":"10.3.0.0/16","SubnetMin":"10.3.0.0"}""",
        "10.3.0.0/16", 24, "10.3.0.0", "10.3.255.0")]
    public void Gives_these_IPv4_values(string id, string json, string network, int length, string min, string max)
    {
        var config = NetworkConfig.Parse(json);

        Assert.Equal(
            (id, network, length, min, max),
            (id, config.Network.ToString(), config.SubnetLength, config.SubnetMin.ToString(),
                config.SubnetMax.ToString()));
    }

    [Theory]
    [InlineData("CFG-5", """{ "enableIPv6": true, "ipv6Network": "fc00::/48", "enableIPv4": false }""",
        "fc00::/48", 64, "fc00:0:0:1::", "fc00:0:0:ffff::")]
    [InlineData("CFG-7",
        """
        { "EnableIPv6": true, "IPv6Network": "fc00::/48", "IPv6SubnetMin": "fc00:0:0:1::",
          "IPv6SubnetMax": "fc00:0:0:f::", "IPv6SubnetLen": 124, "enableIPv4": false }
        """,
        "fc00::/48", 124, "fc00:0:0:1::", "fc00:0:0:f::")]
    [InlineData("CFG-60", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"2001:cafe:42::/56"}""",
        "2001:cafe:42::/56", 64, "2001:cafe:42:1::", "2001:cafe:42:ff::")]
    [InlineData("CFG-62", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/63"}""",
        "fd00::/63", 65, "fd00::8000:0:0:0", "fd00:0:0:1:8000::")]
    [InlineData("CFG-63", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/64"}""",
        "fd00::/64", 66, "fd00::4000:0:0:0", "fd00::c000:0:0:0")]
    [InlineData("CFG-64", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/124"}""",
        "fd00::/124", 126, "fd00::4", "fd00::c")]
    [InlineData("CFG-68", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetLen":50}""",
        "fd00::/48", 50, "fd00:0:0:4000::", "fd00:0:0:c000::")]
    [InlineData("null is not given",
        """
        {"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48",
         "IPv6SubnetMin":null,"IPv6SubnetMax":"::"}
        """,
        "fd00::/48", 64, "fd00:0:0:1::", "fd00:0:0:ffff::")]
    public void Gives_these_IPv6_values(string id, string json, string network, int length, string min, string max)
    {
        var config = NetworkConfig.Parse(json);

        Assert.Equal(
            (id, network, length, min, max),
            (id, config.IPv6Network.ToString(), config.IPv6SubnetLength, config.IPv6SubnetMin.ToString(),
                config.IPv6SubnetMax.ToString()));
    }

    [Theory]
    [InlineData("rule 1", "{}", "please define a correct Network parameter in the flannel config")]
    [InlineData("rule 1", "null", "please define a correct Network parameter in the flannel config")]
    [InlineData("rule 1", """{"Network":null}""", "please define a correct Network parameter in the flannel config")]
    [InlineData("rule 1", """{"Network":"1.2.3.4/0"}""",
        "please define a correct Network parameter in the flannel config")]
    [InlineData("rule 2", """{"Network":"10.3.0.0/16","SubnetLen":31}""", "SubnetLen must be less than /31")]
    [InlineData("rule 2", """{"Network":"10.3.0.0/16","SubnetLen":18446744073709551615}""",
        "SubnetLen must be less than /31")]
    [InlineData("CFG-30", """{"Network":"10.0.0.0/29"}""",
        "network is too small. Minimum useful network prefix is /28")]
    [InlineData("CFG-30", """{"Network":"10.0.0.0/30"}""",
        "network is too small. Minimum useful network prefix is /28")]
    [InlineData("CFG-30", """{"Network":"10.0.0.0/31"}""",
        "network is too small. Minimum useful network prefix is /28")]
    [InlineData("CFG-30", """{"Network":"10.0.0.0/32"}""",
        "network is too small. Minimum useful network prefix is /28")]
    [InlineData("CFG-36", """{"Network":"10.3.0.0/16","SubnetLen":16}""",
        "network must be able to accommodate at least four subnets")]
    [InlineData("CFG-36", """{"Network":"10.3.0.0/16","SubnetLen":17}""",
        "network must be able to accommodate at least four subnets")]
    [InlineData("CFG-40", """{"Network":"10.3.0.0/16","SubnetMin":"10.4.0.0"}""",
        "SubnetMin is not in the range of the Network")]
    [InlineData("CFG-41", """{"Network":"10.3.0.0/16","SubnetMax":"10.4.0.0"}""",
        "SubnetMax is not in the range of the Network")]
    [InlineData("CFG-42", """{"Network":"10.3.0.0/16","SubnetLen":24,"SubnetMin":"10.3.1.1"}""",
        "SubnetMin is not on a SubnetLen boundary: 10.3.1.1")]
    [InlineData("rule 10", """{"Network":"10.3.0.0/16","SubnetLen":24,"SubnetMax":"10.3.1.1"}""",
        "SubnetMax is not on a SubnetLen boundary: 10.3.1.1")]
    [InlineData("CFG-52", """{"Network":"2001:db8::/64"}""", "invalid IPv4 CIDR format")]
    [InlineData("CFG-66", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetLen":127}""",
        "SubnetLen must be less than /127")]
    [InlineData("CFG-67", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetLen":49}""",
        "network must be able to accommodate at least four subnets")]
    [InlineData("CFG-70",
        """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetMin":"fd01::"}""",
        "IPv6SubnetMin is not in the range of the IPv6Network")]
    [InlineData("CFG-71",
        """
        {"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetLen":64,
         "IPv6SubnetMin":"fd00:0:0:1::1"}
        """,
        "IPv6SubnetMin is not on a SubnetLen boundary: fd00:0:0:1::1")]
    [InlineData("IPv6 missing", """{"EnableIPv4":false,"EnableIPv6":true}""",
        "please define a correct IPv6Network parameter in the flannel config")]
    [InlineData("IPv6 too small", """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/125"}""",
        "IPv6Network is too small. Minimum useful network prefix is /124")]
    [InlineData("IPv6 max",
        """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetMax":"fd01::"}""",
        "IPv6SubnetMax is not in the range of the IPv6Network")]
    [InlineData("IPv6 max",
        """{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","IPv6SubnetMax":"fd00::9"}""",
        "IPv6SubnetMax is not on a SubnetLen boundary: fd00::9")]
    [InlineData("range", """{"Network":"10.3.0.0/33"}""", "invalid CIDR address: 10.3.0.0/33")]
    public void Refuses_with_this_text(string id, string json, string text)
    {
        NetworkConfigException refusal = Assert.Throws<NetworkConfigException>(() => NetworkConfig.Parse(json));

        Assert.Equal((id, text), (id, refusal.Message));
    }

    [Theory]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetLen":"24"}""",
        "SubnetLen must be an unsigned integer, found \"24\"")]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetLen":24.0}""", "SubnetLen must be an unsigned integer, found 24.0")]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetLen":2.4e1}""",
        "SubnetLen must be an unsigned integer, found 2.4e1")]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetLen":-1}""", "SubnetLen must be an unsigned integer, found -1")]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetLen":18446744073709551616}""",
        "SubnetLen must be an unsigned integer, found 18446744073709551616")]
    [InlineData("""{"Network":"10.3.0.0/16","EnableIPv6":"yes"}""", "EnableIPv6 must be true or false, found \"yes\"")]
    [InlineData("""{"Network":5}""", "invalid CIDR address: 5")]
    [InlineData("""{"Network":"10.3.0.0/16","SubnetMin":"here"}""",
        "SubnetMin must be an IPv4 address, found \"here\"")]
    [InlineData("[]", "the config must be a JSON object, found []")]
    [InlineData("", "the config is not valid JSON")]
    [InlineData("{\"Network\":", "the config is not valid JSON")]
    [InlineData("{} {}", "the config is not valid JSON")]
    [InlineData("""{"Network":"\ud800"}""", "the config holds text that is not Unicode")]
    public void Refuses_values_of_the_wrong_kind(string json, string text)
    {
        NetworkConfigException refusal = Assert.Throws<NetworkConfigException>(() => NetworkConfig.Parse(json));

        Assert.StartsWith(text, refusal.Message);
    }

    [Fact]
    public void CFG_33_the_example_of_the_documentation()
    {
        var config = NetworkConfig.Parse(
            """
            {"Network":"10.0.0.0/8","SubnetLen":20,"SubnetMin":"10.10.0.0","SubnetMax":"10.99.0.0",
             "Backend":{"Type":"udp","Port":7890}}
            """);

        Assert.Equal("10.0.0.0/8", config.Network.ToString());
        Assert.Equal(20, config.SubnetLength);
        Assert.Equal("10.10.0.0", config.SubnetMin.ToString());
        Assert.Equal("10.99.0.0", config.SubnetMax.ToString());
        Assert.Equal(new BackendConfig("udp", """{"Type":"udp","Port":7890}"""), config.Backend);
    }

    [Theory]
    [InlineData("no Backend", """{"Network":"10.3.0.0/16"}""", "udp", "{}")]
    [InlineData("CFG-48", """{"Network":"10.3.0.0/16","Backend":{}}""", "", "{}")]
    [InlineData("CFG-48", """{"Network":"10.3.0.0/16","Backend":null}""", "", "{}")]
    [InlineData("CFG-48", """{"Network":"10.3.0.0/16","Backend":{"Port":1}}""", "", """{"Port":1}""")]
    [InlineData("CFG-49", """{"Network":"10.3.0.0/16","Backend":{"type":"UDP"}}""", "UDP", """{"type":"UDP"}""")]
    [InlineData(
        "vxlan", """{"Network":"10.3.0.0/16","Backend":{"Type":"vxlan", "VNI":[] }}""", "vxlan",
        """{"Type":"vxlan", "VNI":[] }""")]
    public void Reads_the_type_of_the_backend_and_carries_the_rest(string id, string json, string type, string backend)
    {
        var config = NetworkConfig.Parse(json);

        Assert.Equal((id, new BackendConfig(type, backend)), (id, config.Backend));
    }

    [Theory]
    [InlineData("CFG-50", "\"udp\"", "error decoding Backend property of config: it must be an object, found \"udp\"")]
    [InlineData("CFG-50", "5", "error decoding Backend property of config: it must be an object, found 5")]
    [InlineData("Type", """{"Type":5}""", "error decoding Backend property of config: Type must be a string, found 5")]
    public void Refuses_this_backend(string id, string backend, string text)
    {
        string json = $$"""{"Network":"10.3.0.0/16","Backend":{{backend}}}""";

        NetworkConfigException refusal = Assert.Throws<NetworkConfigException>(() => NetworkConfig.Parse(json));

        Assert.Equal((id, text), (id, refusal.Message));
    }

    [Fact]
    public void CFG_53_both_families_off_passes_the_checks()
    {
        var config = NetworkConfig.Parse("""{"EnableIPv4": false}""");

        Assert.False(config.EnableIPv4);
        Assert.False(config.EnableIPv6);
    }

    [Fact]
    public void Unknown_keys_are_ignored_and_the_last_of_several_wins()
    {
        var config = NetworkConfig.Parse(
            """
            {"Networks":["10.1.0.0/16"],"NETWORK":"10.1.0.0/16","network":"10.2.0.0/16","Network":null,
             "enablenftables":true,"EnableIPv4":null}
            """);

        Assert.Equal("10.2.0.0/16", config.Network.ToString());
        Assert.True(config.EnableNFTables);
        Assert.True(config.EnableIPv4);
    }
}
