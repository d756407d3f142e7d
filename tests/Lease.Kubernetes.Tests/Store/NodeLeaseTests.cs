using Overlay.Lease.Kubernetes.Nodes;
using Overlay.Lease.Kubernetes.Store;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Kubernetes.Tests.Store;

/// <summary>What becomes of a node: flannel's FuzzNodeToLease and TestContainsCIDR, row by row.</summary>
public sealed class NodeLeaseTests
{
    [Theory]
    [InlineData("10.244.0.0/16", "10.244.0.0/16", true)] // K8S-20
    [InlineData("10.244.0.0/16", "10.244.0.0/24", true)] // K8S-21
    [InlineData("10.244.0.0/16", "10.244.255.0/24", true)] // K8S-22
    [InlineData("10.244.0.0/16", "192.168.0.0/24", false)] // K8S-24
    [InlineData("10.244.0.0/16", "10.0.0.0/8", false)]
    public void The_podCIDR_has_to_lie_inside_the_network(string network, string podCidr, bool expected)
    {
        var config = NetworkConfig.Parse($$"""{"Network":"{{network}}"}""");
        Assert.Equal(expected, NodeLease.TryFindSubnet(Node(podCidr), config, out _, out string? fault));
        Assert.Equal(expected, fault is null);
    }

    [Theory]
    [InlineData("10.244.1.0/24", "10.244.1.0/24")]
    [InlineData("10.244.1.0/24,fc00::/64", "10.244.1.0/24")]
    [InlineData("fc00::/64,10.244.1.0/24", "10.244.1.0/24")]
    [InlineData("10.244.0.128/25", "10.244.0.128/25")]
    public void Of_two_families_the_overlay_takes_the_one_it_has(string podCidrs, string subnet) =>
        Assert.Equal(Cidr(subnet), NodeLease.Of(Node(podCidrs), s_config, null, null).Lease?.Subnet);

    [Theory]
    [InlineData("fc00::/64", "node \"n1\" has no IPv4 podCIDR (fc00::/64)")]
    [InlineData("not-a-cidr", "node \"n1\" has the podCIDR 'not-a-cidr', which is no prefix")]
    [InlineData("", "node \"n1\" pod cidr not assigned")]
    [InlineData("10.1.0.0/24,10.2.0.0/24,10.3.0.0/24", "node \"n1\" has 3 podCIDRs")]
    public void A_node_without_a_subnet_for_it_is_passed_over_with_a_line(string podCidrs, string expected)
    {
        var lease = NodeLease.Of(Node(podCidrs), s_config, null, null);
        Assert.Null(lease.Lease);
        Assert.StartsWith(expected, lease.Defect);
    }

    [Theory]
    [InlineData("", "null")]
    [InlineData("not-an-ip", "null")]
    [InlineData("::1", "null")]
    [InlineData("192.168.0.1", "{")]
    [InlineData("192.168.0.1", "\"\\ud800\"")]
    public void Annotations_that_cannot_be_read_are_a_line_and_no_lease(string publicIp, string data)
    {
        var lease = NodeLease.Of(Node("10.244.1.0/24", publicIp, data), s_config, null, null);
        Assert.Null(lease.Lease);
        Assert.EndsWith("start the daemon of that node again, which writes it anew", lease.Defect);
    }

    // As seed 003 shows it, of an old version of stock's.
    [Fact]
    public void Stocks_annotations_of_vxlan_are_understood()
    {
        NodeRecord node = Node("10.244.0.0/24", "192.168.1.31", """{"VtepMAC":"c6:d2:32:6f:8f:44"}""", "vxlan");
        SubnetLease? lease = NodeLease.Of(node, s_config, null, null).Lease;
        Assert.Equal(Ip("192.168.1.31"), lease?.PublicIp);
        Assert.Equal("vxlan", lease?.Attributes.Backend.Type);
        Assert.Equal("""{"VtepMAC":"c6:d2:32:6f:8f:44"}""", lease?.Attributes.Backend.Data);
    }

    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.244.0.0/16"}""");

    private static NodeRecord Node(
        string podCidr, string publicIp = "192.168.0.1", string data = "null", string type = "") => new(
        "n1", "uid", 1, new NodeAnnotations("true", type, data, PublicIp: publicIp), podCidr);
}
