using System;
using System.Text.Json.Nodes;
using Overlay.Cni.Delegates;
using Overlay.Cni.Protocol;
using Overlay.Lease;
using Xunit;

namespace Overlay.Cni.Tests;

/// <summary>What delegates are told; rows of the inventory of stock's behaviour by id.</summary>
public sealed class DelegateConfigTests : IDisposable
{
    private readonly PluginRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void CNI_1_the_delegate_is_bridge_with_the_hosts_subnet_MTU_and_no_second_masquerade()
    {
        _ = _rig.Succeed("ADD");
        Assert.Equal(
            """
            {"cniVersion":"1.1.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}]],
            "routes":[{"dst":"10.1.0.0/16"}],"type":"host-local"},"isGateway":true,"mtu":1472,
            "name":"cni-flannel","type":"bridge"}
            """.ReplaceLineEndings(""),
            PlainJson.Of(_rig.Told("ADD")));
    }

    [Fact]
    public void CNI_4_and_16_two_networks_are_two_routes_and_one_range() =>
        AssertIpam(
            PluginRig.TwoNetworks, """{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"10.1.0.0/16"},"""
                + """{"dst":"192.168.0.0/16"}],"type":"host-local"}""");

    [Fact]
    public void CNI_6_both_families_have_a_range_and_a_route_each_IPv4_first() =>
        AssertIpam(
            PluginRig.Dual, """{"ranges":[[{"subnet":"10.1.17.0/24"}],[{"subnet":"fc00::/64"}]],"routes":["""
                + """{"dst":"10.1.0.0/16"},{"dst":"fc00::/48"}],"type":"host-local"}""");

    [Theory]
    [InlineData(PluginRig.Ipv6, "fc00::/64", "fc00::/48")]
    [InlineData(PluginRig.Ipv4, "10.1.17.0/24", "10.1.0.0/16")]
    public void CNI_13_and_14_routes_of_the_users_own_stay_before_the_networks(
        string subnetEnv, string range, string network) =>
        AssertIpam(
            subnetEnv,
            $$"""{"ranges":[[{"subnet":"{{range}}"}]],"routes":[{"dst":"1.2.3.0/24"},{"dst":"{{network}}"}],"""
                + "\"type\":\"other\"}",
            ""","ipam":{"type":"other","routes":[{"dst":"1.2.3.0/24"}]}""");

    [Fact]
    public void CNI_15_the_same_with_both_families() =>
        AssertIpam(
            PluginRig.Dual,
            """{"ranges":[[{"subnet":"10.1.17.0/24"}],[{"subnet":"fc00::/64"}]],"routes":[{"dst":"1.2.3.0/24"},"""
                + """{"dst":"10.1.0.0/16"},{"dst":"fc00::/48"}],"type":"host-local"}""",
            ""","ipam":{"routes":[{"dst":"1.2.3.0/24"}]}""");

    [Fact]
    public void CNI_18_the_delegate_masquerades_when_the_daemon_does_not() =>
        Assert.True((bool)Make(PluginRig.Ipv4.Replace("true", "false", StringComparison.Ordinal))["ipMasq"]!);

    [Fact]
    public void CNI_19_what_the_user_gives_stays()
    {
        JsonObject made = Make(
            PluginRig.Ipv4,
            ""","delegate":{"mtu":1400,"bridge":"x","ipMasq":true,"isGateway":false,"hairpinMode":true}""");
        Assert.Equal(
            (1400, "x", true, false, true),
            ((int)made["mtu"]!, (string)made["bridge"]!, (bool)made["ipMasq"]!, (bool)made["isGateway"]!,
                (bool)made["hairpinMode"]!));
    }

    [Fact]
    public void CNI_20_another_delegate_is_no_gateway() =>
        Assert.False(Make(PluginRig.Ipv4, ""","delegate":{"type":"ipvlan"}""").ContainsKey("isGateway"));

    [Fact]
    public void What_the_runtime_says_of_the_pod_is_passed_on() =>
        Assert.Equal(
            """{"mac":"02:00:00:00:00:01"}""",
            Make(PluginRig.Ipv4, ""","runtimeConfig":{"mac":"02:00:00:00:00:01"}""")["runtimeConfig"]!.ToJsonString());

    [Fact]
    public void A_config_without_a_version_makes_one_without()
    {
        var config = PluginConfig.Parse("""{"name":"n"}""");
        Assert.False(DelegateConfig.Make(config, SubnetEnv.Read(_rig.SubnetFile)).ContainsKey("cniVersion"));
    }

    [Theory]
    [InlineData("""{"type":5}""", "'delegate' dictionary, if present, must have (string) 'type' field")]
    [InlineData("""{"type":null}""", "'delegate' dictionary, if present, must have (string) 'type' field")]
    [InlineData("""{"name":"x"}""", "'delegate' dictionary must not have 'name' field, it'll be set by flannel")]
    [InlineData("""{"ipam":{}}""", "'delegate' dictionary must not have 'ipam' field, it'll be set by flannel")]
    public void What_is_not_the_users_to_give_is_refused_in_stocks_words(string given, string message)
    {
        _rig.More = $",\"delegate\":{given}";
        Assert.Equal((CniError.InvalidConfig, message), _rig.Fail("ADD"));
        Assert.Empty(_rig.KeptFiles());
    }

    [Fact]
    public void Routes_that_are_no_list_are_refused()
    {
        _rig.More = ""","ipam":{"routes":{}}""";
        Assert.Equal((CniError.InvalidConfig, "'routes' of 'ipam' is no list"), _rig.Fail("ADD"));
    }

    private static void AssertIpam(string subnetEnv, string expected, string more = "") =>
        Assert.Equal(expected, PlainJson.Of(Make(subnetEnv, more)["ipam"]!));

    private static JsonObject Make(string subnetEnv, string more = "")
    {
        using var rig = new PluginRig(subnetEnv);
        return DelegateConfig.Make(
            PluginConfig.Parse($$"""{"name":"cni-flannel","cniVersion":"1.1.0"{{more}}}"""),
            SubnetEnv.Read(rig.SubnetFile));
    }
}
