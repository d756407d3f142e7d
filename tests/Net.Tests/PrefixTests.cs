using Xunit;

namespace Overlay.Net.Tests;

public sealed class PrefixTests
{
    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("2001:db8::/64")]
    public void What_is_not_a_prefix_is_refused(string text) => Assert.False(Ipv4Prefix.TryParse(text, out _));

    [Theory]
    [InlineData("0.0.0.0/0", "0.0.0.0", "255.255.255.255")]
    [InlineData("10.5.34.7/16", "10.5.0.0", "10.5.255.255")]
    [InlineData("10.5.34.7/32", "10.5.34.7", "10.5.34.7")]
    public void First_and_last_are_the_ends_of_the_prefix(string prefix, string first, string last)
    {
        Assert.Equal(first, Ipv4Prefix.Parse(prefix).First.ToString());
        Assert.Equal(last, Ipv4Prefix.Parse(prefix).Last.ToString());
        Assert.Equal(Ipv4Prefix.Parse(prefix).First, Ipv4Prefix.Parse(prefix).Masked().Address);
    }

    [Theory]
    [InlineData("IP4N-3", "1.2.3.0/24", "1.2.0.0/16", true)]
    [InlineData("IP4N-4", "1.2.3.0/24", "1.2.4.0/24", false)]
    [InlineData("IP4N-5", "1.2.3.0/24", "7.2.4.0/22", false)]
    [InlineData("all", "1.2.3.0/24", "0.0.0.0/0", true)]
    public void Prefixes_overlap_when_one_contains_the_other(string id, string left, string right, bool overlap)
    {
        Assert.Equal((id, overlap), (id, Ipv4Prefix.Parse(left).Overlaps(Ipv4Prefix.Parse(right))));
        Assert.Equal((id, overlap), (id, Ipv4Prefix.Parse(right).Overlaps(Ipv4Prefix.Parse(left))));
    }

    [Theory]
    [InlineData("IP6N-4", "fc00::/16", true)]
    [InlineData("IP6N-5", "fc00:2::/64", false)]
    [InlineData("IP6N-5", "fb00:2::/48", false)]
    public void IPv6_prefixes_overlap_when_one_contains_the_other(string id, string other, bool overlap)
    {
        Assert.Equal((id, overlap), (id, Ipv6Prefix.Parse("fc00:1::/64").Overlaps(Ipv6Prefix.Parse(other))));
        Assert.True(Ipv6Prefix.Parse("fc00:1::/64").Overlaps(Ipv6Prefix.Parse("fc00:1::/64")));
    }
}
