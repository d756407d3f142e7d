using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Nodes;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Nodes;

public sealed class NodeListReaderTests
{
    private const string List =
        """
        {"kind":"NodeList","apiVersion":"v1",
        "metadata":{"resourceVersion":"77","continue":"abc","remainingItemCount":1},
        "items":[{"metadata":{"name":"a","uid":"u1","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"x":"{[\"}"},
        "annotations":{"flannel.alpha.coreos.com/kube-subnet-manager":"true",
        "flannel.alpha.coreos.com/public-ip":"192.0.2.1",
        "other/public-ip":"no","flannel.alpha.coreos.com/backend-data":"{\"VNI\":1}"}},
        "spec":{"podCIDR":"10.244.0.0/24","podCIDRs":["10.244.0.0/24","fd00::/64"],"taints":[{"key":"k"}]},
        "status":{"images":[{"names":["é"],"sizeBytes":1}]}},
        {"metadata":{"name":"b","annotations":null},"spec":{"podCIDR":"10.244.1.0/24"}},
        {"metadata":{"name":"c"},"spec":null}]}
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task A_page_is_the_same_in_whatever_pieces_it_arrives(int piece)
    {
        NodePage page = await ReadAsync(List, piece);

        Assert.Equal(("77", "abc"), (page.ResourceVersion, page.Continue));
        Assert.Equal(["a", "b", "c"], page.Nodes.Select(node => node.Name));
        NodeRecord first = page.Nodes[0];
        Assert.Equal(("u1", 1767323045L, "10.244.0.0/24,fd00::/64"), (first.Uid, first.Created, first.PodCidr));
        Assert.Equal(
            new NodeAnnotations("true", null, """{"VNI":1}""", PublicIp: "192.0.2.1"), first.Annotations);
        Assert.Equal("10.244.1.0/24", page.Nodes[1].PodCidr);
        Assert.Equal("", page.Nodes[2].PodCidr);
    }

    [Fact]
    public async Task No_items_are_no_nodes()
    {
        NodePage page = await ReadAsync("""{"items":null,"metadata":{"resourceVersion":"1"}}""", 5);
        Assert.Empty(page.Nodes);
        Assert.Null(page.Continue);
    }

    [Fact]
    public async Task A_page_that_is_cut_off_anywhere_is_no_page()
    {
        for (int length = 0; length < List.Length - 1; length += 13)
        {
            await Assert.ThrowsAnyAsync<JsonException>(() => ReadAsync(List[..length], 64));
        }
    }

    private static Task<NodePage> ReadAsync(string json, int piece) =>
        new NodeListReader(new NodeReader(AnnotationKeys.Parse(AnnotationKeys.DefaultPrefix))).ReadAsync(
            new PieceStream(Encoding.UTF8.GetBytes(json), piece), TestContext.Current.CancellationToken);

    private sealed class PieceStream(byte[] content, int piece) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
    }
}
