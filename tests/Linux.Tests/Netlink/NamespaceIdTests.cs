using System.Linq;
using Overlay.Linux.Netlink;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

/// <summary>How a host tells which namespace the other end of a veth pair is in.</summary>
public sealed class NamespaceIdTests
{
    [Fact]
    public void The_number_of_a_veths_other_end_is_that_of_its_namespace_and_of_no_other()
    {
        using var host = new TemporaryNamespace();
        using var pod = new TemporaryNamespace();
        using var stranger = new TemporaryNamespace();
        host.Ip("link add cni0 type bridge");
        host.Ip($"link add veth0 type veth peer name eth0 netns {pod.Name}");
        host.Ip("link set veth0 master cni0");
        host.Namespace.Run(() =>
        {
            using var netlink = RouteNetlink.Open();
            Link veth = netlink.FindLink("veth0")!;
            Assert.Equal(netlink.FindLink("cni0")!.Index, veth.MasterIndex);
            Assert.NotNull(veth.PeerNamespaceId);
            Assert.Equal(veth.PeerNamespaceId, netlink.FindNamespaceId(pod.Namespace));
            Assert.Null(netlink.FindNamespaceId(stranger.Namespace));
            Link bridge = netlink.FindLink("cni0")!;
            Assert.Equal((null, null), (bridge.MasterIndex, bridge.PeerNamespaceId));
            int inside = pod.Namespace.Run(() =>
            {
                using var there = RouteNetlink.Open();
                return there.FindLink("eth0")!.Index;
            });
            Assert.Equal(inside, veth.PeerIndex);
        });
    }

    [Fact]
    public void Every_namespace_is_listed_once_by_its_name_where_it_has_one()
    {
        using var named = new TemporaryNamespace();
        NamespaceFile[] found = [.. NetworkNamespaces.List(most: 10_000)];
        Assert.Equal(found.Length, found.Select(file => file.Number).Distinct().Count());
        Assert.Contains(found, file => file.Number == NetworkNamespaces.Current().Number);
        ulong number = named.Namespace.Run(() => NetworkNamespaces.Current().Number);
        Assert.Equal($"/run/netns/{named.Name}", found.Single(file => file.Number == number).Path);
        Assert.Null(NetworkNamespaces.Find("/run/netns/overlay-nobody"));
        Assert.Single(NetworkNamespaces.List(most: 1));
    }
}
