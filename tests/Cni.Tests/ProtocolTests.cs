using System;
using System.IO;
using System.Text.Json.Nodes;
using Overlay.Cni.Protocol;
using Overlay.Lease;
using Xunit;

namespace Overlay.Cni.Tests;

/// <summary>What the runtime says, and how it is told what is wrong with it.</summary>
public sealed class ProtocolTests : IDisposable
{
    private readonly PluginRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("v6")]
    [InlineData("dual")]
    public void CNI_7_a_config_says_name_and_paths(string which)
    {
        var config = PluginConfig.Parse(
            $$"""{"name":"cni-flannel","type":"flannel","subnetFile":"/a/{{which}}","dataDir":"/b"}""");
        Assert.Equal(("cni-flannel", $"/a/{which}", "/b"), (config.Name, config.SubnetFile, config.DataDirectory));
    }

    [Fact]
    public void CNI_8_paths_that_are_not_given_are_flannels()
    {
        var config = PluginConfig.Parse("""{"name":"cni-flannel","type":"flannel"}""");
        Assert.Equal(("/run/flannel/subnet.env", "/var/lib/cni/flannel"), (config.SubnetFile, config.DataDirectory));
    }

    [Theory]
    [InlineData(PluginRig.Ipv4, "10.1.0.0/16", "10.1.17.0/24", "", "")]
    [InlineData(PluginRig.Ipv6, "", "", "fc00::/48", "fc00::/64")]
    [InlineData(PluginRig.Dual, "10.1.0.0/16", "10.1.17.0/24", "fc00::/48", "fc00::/64")]
    public void CNI_9_to_11_subnet_env_is_read_in_both_families(
        string text, string network, string subnet, string network6, string subnet6)
    {
        File.WriteAllText(_rig.SubnetFile, text);
        var read = SubnetEnv.Read(_rig.SubnetFile);
        Assert.Equal(
            (network, subnet, network6, subnet6, 1472u, true),
            (string.Join(',', read.Networks), read.Subnet.ToString(), string.Join(',', read.Ipv6Networks),
                read.Ipv6Subnet.ToString(), read.Mtu, read.Masquerade));
    }

    [Theory]
    [InlineData("foo=bar", "FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU, "
        + "FLANNEL_IPMASQ")]
    [InlineData("FLANNEL_NETWORK\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1\nFLANNEL_IPMASQ=true",
        "FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK")]
    public void CNI_12_what_subnet_env_lacks_is_listed_and_a_key_without_a_value_crashes_nothing(
        string text, string missing)
    {
        File.WriteAllText(_rig.SubnetFile, text);
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.InvalidConfig, code);
        Assert.Equal(
            $"failed to load flannel 'subnet.env' file: {_rig.SubnetFile} is missing {missing}. Check the flannel "
                + "pod log for this node.",
            message);
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.0.0/99", "FLANNEL_NETWORK is '10.1.0.0/99'")]
    [InlineData("1472", "-1", "FLANNEL_MTU is '-1'")]
    [InlineData("10.1.17.1/24", "10.1.17.1", "FLANNEL_SUBNET is '10.1.17.1'")]
    public void A_value_that_is_none_is_named(string good, string bad, string said)
    {
        File.WriteAllText(_rig.SubnetFile, PluginRig.Ipv4.Replace(good, bad, StringComparison.Ordinal));
        Assert.Contains(said, _rig.Fail("ADD").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VERSION_lists_all_versions() =>
        Assert.Equal(
            """{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}""",
            _rig.Succeed("VERSION"));

    [Fact]
    public void Whoever_types_its_name_is_told_what_it_is()
    {
        Assert.Equal("", _rig.Succeed(""));
        Assert.Contains("CNI protocol versions supported: 0.1.0", _rig.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_that_nobody_knows_is_refused_and_named()
    {
        _rig.Version = "9.9.9";
        (int code, string output) = _rig.Call("ADD");
        Assert.Equal(
            (1, """{"cniVersion":"1.1.0","code":1,"msg":"incompatible CNI versions","details":"config is \"9.9.9\", """
                + """plugin supports [\"0.1.0\", \"0.2.0\", \"0.3.0\", \"0.3.1\", \"0.4.0\", \"1.0.0\", """
                + """\"1.1.0\"]"}"""),
            (code, output));
    }

    [Theory]
    [InlineData("CHECK", "0.3.1", 1)]
    [InlineData("STATUS", "1.0.0", 1)]
    [InlineData("GC", "1.0.0", 1)]
    [InlineData("MOVE", "1.1.0", 4)]
    public void A_verb_that_the_version_does_not_have_is_refused(string verb, string version, int code)
    {
        _rig.Version = version;
        Assert.Equal(code, _rig.Fail(verb).Code);
    }

    [Theory]
    [InlineData("CNI_CONTAINERID", null)]
    [InlineData("CNI_IFNAME", null)]
    [InlineData("CNI_NETNS", null)]
    [InlineData("CNI_CONTAINERID", "../../etc/passwd")]
    [InlineData("CNI_CONTAINERID", ".hidden")]
    [InlineData("CNI_IFNAME", "a/b")]
    [InlineData("CNI_IFNAME", "..")]
    [InlineData("CNI_IFNAME", "sixteen-letters-")]
    public void A_variable_that_is_missing_or_leads_elsewhere_is_refused(string name, string? value)
    {
        if (value is null)
        {
            _ = _rig.Variables.Remove(name);
        }
        else
        {
            _rig.Variables[name] = value;
        }

        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.InvalidEnvironment, code);
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Empty(_rig.KeptFiles());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"name\":5}")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}")]
    [InlineData("{\"name\":\"a\",\"delegate\":[]}")]
    [InlineData("{\"name\":\"a\",\"delegateTimeout\":0}")]
    [InlineData("{\"name\":\"a\",\"delegate\":{\"type\":\"b\",\"type\":\"c\"}}")]
    [InlineData("{\"name\":\"a\",\"ipam\":{\"x\":[{\"y\":1,\"y\":2}]}}")]
    [InlineData("{\"name\":\"\\ud800\"}")]
    [InlineData("{\"name\":\"a\",\"ipam\":{\"\\udc00\":1}}")]
    [InlineData("{\"name\":\"a\",\"subnetFile\":\"/a\\u0000b\"}")]
    [InlineData("{\"name\":\"a\",\"dataDir\":\"\\u0000\"}")]
    public void A_config_that_is_none_is_refused_with_stocks_words(string text)
    {
        CniException refused = Assert.Throws<CniException>(() => PluginConfig.Parse(text));
        Assert.Equal(CniError.Decoding, refused.Code);
        Assert.StartsWith("failed to load netconf: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    public void A_network_without_a_name_that_can_be_one_is_refused(string name) =>
        Assert.Equal(
            CniError.InvalidConfig,
            Assert.Throws<CniException>(() => PluginConfig.Parse($$"""{"name":"{{name}}"}""").RequireName()).Code);

    [Fact]
    public void JSON_is_written_in_one_line_with_keys_in_order() =>
        Assert.Equal(
            """{"a":[1,{"x":null,"y":"é"}],"b":1.50}""",
            PlainJson.Of(JsonNode.Parse("""{"b":1.50,"a":[1,{"y":"é","x":null}]}""")!));
}
