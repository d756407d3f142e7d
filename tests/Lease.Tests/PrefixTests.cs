using System;
using System.Globalization;
using System.Net;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests;

public sealed class PrefixTests
{
    [Theory]
    [InlineData("0.0.0.0", 0u)]
    [InlineData("10.1.2.3", 0x0A010203u)]
    [InlineData("255.255.255.255", 0xFFFFFFFFu)]
    public void An_IPv4_address_is_read_in_host_order_and_written_back(string text, uint address)
    {
        Assert.Equal(address, Ip(text));
        Assert.Equal(text, Ipv4Prefix.Format(address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.04")]
    [InlineData("1.2.3.")]
    [InlineData("1..3.4")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1.2.3.4 ")]
    [InlineData("1.2.3.0x4")]
    [InlineData("1.2.3.٤")]
    [InlineData("2001:db8::1")]
    public void What_is_not_a_dotted_quad_is_refused(string text) =>
        Assert.False(Ipv4Prefix.TryParseAddress(text, out _));

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
        Assert.Equal(first, Ipv4Prefix.Format(Net(prefix).First));
        Assert.Equal(last, Ipv4Prefix.Format(Net(prefix).Last));
        Assert.Equal(Net(prefix).First, Net(prefix).Masked().Address);
    }

    [Theory]
    [InlineData("IP4N-3", "1.2.3.0/24", "1.2.0.0/16", true)]
    [InlineData("IP4N-4", "1.2.3.0/24", "1.2.4.0/24", false)]
    [InlineData("IP4N-5", "1.2.3.0/24", "7.2.4.0/22", false)]
    [InlineData("all", "1.2.3.0/24", "0.0.0.0/0", true)]
    public void Prefixes_overlap_when_one_contains_the_other(string id, string left, string right, bool overlap)
    {
        Assert.Equal((id, overlap), (id, Net(left).Overlaps(Net(right))));
        Assert.Equal((id, overlap), (id, Net(right).Overlaps(Net(left))));
    }

    [Theory]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("fc00:0:0:1:0:0:0:0", "fc00:0:0:1::")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("FD00::8000:0:0:0", "fd00::8000:0:0:0")]
    public void An_IPv6_address_is_written_in_its_canonical_form(string text, string canonical)
    {
        Assert.True(Ipv6Prefix.TryParseAddress(text, out UInt128 address));

        Assert.Equal(canonical, Ipv6Prefix.Format(address));
    }

    [Fact]
    public void Random_IPv6_addresses_survive_being_written_and_read()
    {
        const int Seed = 4711;
        Random random = new(Seed);
        for (int round = 0; round < 5_000; round++)
        {
            UInt128 address = 0;
            for (int group = 0; group < 8; group++)
            {
                address = (address << 16) | (UInt128)(random.Next(3) == 0 ? random.Next(65536) : 0);
            }

            string text = Ipv6Prefix.Format(address);
            Assert.True(
                Ipv6Prefix.TryParseAddress(text, out UInt128 read)
                    && read == address
                    && IPAddress.TryParse(text, out _),
                $"seed {Seed}, round {round.ToString(CultureInfo.InvariantCulture)}: {text}");
        }
    }

    [Theory]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("1.2.3.4")]
    [InlineData("20011::")]
    [InlineData("")]
    public void What_is_not_an_IPv6_address_is_refused(string text) =>
        Assert.False(Ipv6Prefix.TryParseAddress(text, out _));

    [Theory]
    [InlineData("IP6N-4", "fc00::/16", true)]
    [InlineData("IP6N-5", "fc00:2::/64", false)]
    [InlineData("IP6N-5", "fb00:2::/48", false)]
    public void IPv6_prefixes_overlap_when_one_contains_the_other(string id, string other, bool overlap)
    {
        Assert.Equal((id, overlap), (id, Net6("fc00:1::/64").Overlaps(Net6(other))));
        Assert.True(Net6("fc00:1::/64").Overlaps(Net6("fc00:1::/64")));
    }
}
