using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests;

public sealed class SubnetKeyTests
{
    [Theory]
    [InlineData("KEY-1", "10.12.13.0-24", "10.12.13.0/24", null)]
    [InlineData("KEY-3", "10.12.13.0-24&fd00:12:13::-56", "10.12.13.0/24", "fd00:12:13::/56")]
    [InlineData("KEY-17", "10.5.1.0-24&fc00::-64", "10.5.1.0/24", "fc00::/64")]
    [InlineData("KEY-21", "/coreos.com/network/subnets/10.5.1.0-24", "10.5.1.0/24", null)]
    [InlineData("KEY-23", "10.5.1.0-31", "10.5.1.0/31", null)]
    [InlineData("KEY-25", "10.5.1.7-24", "10.5.1.7/24", null)]
    [InlineData("a path with an ampersand", "/a&b/10.5.1.0-24", "10.5.1.0/24", null)]
    [InlineData("a path of digits", "1.2.10.5.1.0-24", "10.5.1.0/24", null)]
    public void Is_read(string id, string text, string subnet, string? ipv6Subnet)
    {
        Assert.True(SubnetKey.TryParse(text, out SubnetKey key), id);

        Assert.Equal((id, subnet, ipv6Subnet), (id, key.Subnet.ToString(), key.Ipv6Subnet?.ToString()));
    }

    [Theory]
    [InlineData("KEY-5", "10")]
    [InlineData("KEY-7", "10.12.13-24")]
    [InlineData("KEY-8", "10.12.13.300-24")]
    [InlineData("KEY-9", "10.12.13.0-24hi")]
    [InlineData("KEY-11", "10.12.13.0-24&:12:13:-56")]
    [InlineData("KEY-12", "10.12.13.0-24&20011::-56")]
    [InlineData("KEY-13", "10.12.13.0-24&2001-56")]
    [InlineData("KEY-15", "10.12.13.0-24&2001::-56hi")]
    [InlineData("KEY-18", "255.255.255.255-32")]
    [InlineData("KEY-19", "garbage")]
    [InlineData("KEY-20", "")]
    [InlineData("KEY-24", "10.5.1.0-24&FC00::-64")]
    [InlineData("any character", "10.5x1.0-24")]
    [InlineData("leading zero", "10.05.1.0-24")]
    [InlineData("IPv6 length", "10.5.1.0-24&fc00::-128")]
    [InlineData("no length", "10.5.1.0-")]
    [InlineData("signed length", "10.5.1.0-+24")]
    [InlineData("IPv6 only", "fc00::-64")]
    [InlineData("long length", "10.5.1.0-99999999999")]
    public void Is_refused(string id, string text) => Assert.False(SubnetKey.TryParse(text, out _), id);

    [Fact]
    public void KEY_4_is_written_as_it_was_read()
    {
        var key = new SubnetKey(Cidr("10.12.13.0/24"), Cidr6("fd00:12:13::/56"));

        Assert.Equal("10.12.13.0-24&fd00:12:13::-56", key.Format());
    }

    [Fact]
    public void KEY_16_is_written_without_IPv6_when_there_is_none() =>
        Assert.Equal("10.5.1.0-24", new SubnetKey(Cidr("10.5.1.0/24")).Format());
}
