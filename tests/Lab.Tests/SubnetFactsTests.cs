using Xunit;

namespace Overlay.Lab.Tests;

public sealed class SubnetFactsTests
{
    private const string File =
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n";

    [Fact]
    public void The_addresses_follow_from_the_subnet_file()
    {
        var facts = SubnetFacts.Parse(File);

        Assert.Equal("10.244.1.1", facts.Gateway.ToString());
        Assert.Equal("10.244.1.2", facts.Pod.ToString());
        Assert.Equal("10.244.1.0", facts.Network.ToString());
        Assert.Equal("10.244.1.0/24", facts.Subnet);
        Assert.Equal(1472, facts.Mtu);
    }

    [Theory]
    [InlineData("10.244.1.129/25", "10.244.1.128/25")]
    [InlineData("10.244.1.5/30", "10.244.1.4/30")]
    [InlineData("10.244.16.1/20", "10.244.16.0/20")]
    public void The_network_address_follows_from_any_length(string subnet, string network) =>
        Assert.Equal(network, SubnetFacts.Parse($"FLANNEL_SUBNET={subnet}\nFLANNEL_MTU=1472\n").Subnet);

    [Theory]
    [InlineData("")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1\nFLANNEL_MTU=1472\n")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/33\nFLANNEL_MTU=1472\n")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=\n")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/24\n")]
    public void An_unusable_file_is_refused_and_shown(string text)
    {
        LabException refused = Assert.Throws<LabException>(() => SubnetFacts.Parse(text));
        Assert.Equal(text, refused.Evidence);
    }
}
