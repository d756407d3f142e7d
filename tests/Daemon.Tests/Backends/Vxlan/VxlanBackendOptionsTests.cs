using Overlay.Daemon.Backends.Vxlan;
using Overlay.Lease;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

public sealed class VxlanBackendOptionsTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Mac":"00:11:22:33:44:55","MacPrefix":"0E-2A"}""")]
    [InlineData("""{"Port":0,"VNI":null}""")]
    public void Without_options_there_are_flannels_defaults_and_unknown_keys_change_nothing(string json) =>
        Assert.Equal(new VxlanBackendOptions(1, null, null, false, false, false), Read(json));

    [Fact]
    public void Every_option_is_read_whatever_the_case_of_its_key()
    {
        VxlanBackendOptions options = Read(
            """{"vni":7,"PORT":4789,"Mtu":1400,"gbp":true,"learning":true,"directRouting":true}""");

        Assert.Equal(new VxlanBackendOptions(7, 4789, 1400, true, true, true), options);
        Assert.Equal("flannel.7", options.DeviceName);
    }

    [Theory]
    [InlineData("""{"VNI":10000000}""", "VNI must be an integer from 0 to 9999999, found 10000000")]
    [InlineData("""{"VNI":"1"}""", "VNI must be an integer from 0 to 9999999, found \"1\"")]
    [InlineData("""{"Port":65536}""", "Port must be an integer from 0 to 65535, found 65536")]
    [InlineData("""{"MTU":625}""", "MTU must be an integer from 626 to 65535, found 625")]
    [InlineData("""{"DirectRouting":"yes"}""", "DirectRouting must be true or false, found \"yes\"")]
    public void What_cannot_be_is_refused_with_the_value_found(string json, string refusal) => Assert.Equal(
        $"error decoding VXLAN backend config: {refusal}",
        Assert.Throws<NetworkConfigException>(() => Read(json)).Message);

    [Fact]
    public void The_completed_config_is_one_that_reads_the_same()
    {
        var backend = new BackendConfig("vxlan", """{"Type":"vxlan","Port":4789,"MTU":1400,"GBP":true}""");

        string completed = new VxlanBackendKind().Complete(backend).Json;

        Assert.Equal(
            """{"Type":"vxlan","VNI":1,"Port":4789,"MTU":1400,"GBP":true,"Learning":false,"DirectRouting":false}""",
            completed);
        Assert.Equal(Read(backend.Json), Read(completed));
        Assert.Equal(
            "vxlan, VNI 1, the kernel's port", new VxlanBackendKind().Complete(new BackendConfig("vxlan", "{}")).Text);
    }

    private static VxlanBackendOptions Read(string json) => VxlanBackendOptions.Read(new BackendConfig("vxlan", json));
}
