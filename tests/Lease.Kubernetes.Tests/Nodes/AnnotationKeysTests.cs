using Overlay.Lease.Kubernetes.Nodes;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Nodes;

public sealed class AnnotationKeysTests
{
    [Theory]
    [InlineData("flannel.alpha.coreos.com", "flannel.alpha.coreos.com/backend-type")]
    [InlineData("flannel.alpha.coreos.com/", "flannel.alpha.coreos.com/backend-type")] // K8S-2
    [InlineData("flannel.alpha.coreos.com/prefix", "flannel.alpha.coreos.com/prefix-backend-type")] // K8S-3
    [InlineData("flannel.alpha.coreos.com/prefix-", "flannel.alpha.coreos.com/prefix-backend-type")] // K8S-4
    [InlineData("org9.com", "org9.com/backend-type")] // K8S-6
    [InlineData("org.com/9", "org.com/9-backend-type")] // K8S-7
    public void A_prefix_is_completed_as_by_stock(string prefix, string type) =>
        Assert.Equal(type, AnnotationKeys.Parse(prefix).Type);

    [Theory]
    [InlineData("org")] // K8S-8, and the next two
    [InlineData("org/")]
    [InlineData("org/prefix")]
    [InlineData("Org.com")]
    [InlineData("org.com/A")]
    [InlineData("-org.com")]
    [InlineData("org..com")]
    [InlineData("")]
    [InlineData("/")]
    public void What_is_no_dotted_name_is_refused_in_stocks_words(string prefix)
    {
        Assert.False(AnnotationKeys.TryParse(prefix, out _, out string? problem));
        Assert.Equal("subnet/kube: prefix must be in a format: fqdn/[0-9a-z-_]*", problem);
    }

    [Fact]
    public void There_is_one_slash_at_most()
    {
        Assert.False(AnnotationKeys.TryParse("org.com/a/b", out _, out string? problem));
        Assert.Equal("subnet/kube: prefix can contain at most single slash", problem);
    }
}
