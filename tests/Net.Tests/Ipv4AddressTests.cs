using System;
using System.Linq;
using Xunit;

namespace Overlay.Net.Tests;

public sealed class Ipv4AddressTests
{
    [Theory]
    [InlineData("0.0.0.0", 0u)]
    [InlineData("10.1.2.3", 0x0A010203u)]
    [InlineData("255.255.255.255", 0xFFFFFFFFu)]
    public void The_value_of_an_address_is_in_host_order_and_its_text_the_dotted_quad(string text, uint value)
    {
        Assert.Equal(value, Ipv4Address.Parse(text).Value);
        Assert.Equal(text, new Ipv4Address(value).ToString());
    }

    [Fact]
    public void In_bytes_an_address_is_in_network_order_and_what_follows_is_left_alone()
    {
        byte[] bytes = [0, 0, 0, 0, 0xEE];
        Ipv4Address.Parse("10.1.2.3").Write(bytes);

        Assert.Equal([10, 1, 2, 3, 0xEE], bytes);
        Assert.Equal(Ipv4Address.Parse("10.1.2.3"), Ipv4Address.Read(bytes));
    }

    [Fact]
    public void Three_bytes_are_no_address()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Ipv4Address.Read(new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ipv4Address.Loopback.Write(new byte[3]));
    }

    [Fact]
    public void Addresses_are_ordered_by_number_and_the_one_after_the_last_is_the_first()
    {
        Ipv4Address[] ordered = [.. new[] { "10.0.0.10", "9.255.255.255", "10.0.0.9", "200.0.0.0" }
            .Select(text => Ipv4Address.Parse(text)).Order()];

        Assert.Equal("9.255.255.255, 10.0.0.9, 10.0.0.10, 200.0.0.0", string.Join(", ", ordered));
        Assert.True(ordered[0] < ordered[1] && ordered[1] <= ordered[1]);
        Assert.True(ordered[3] > ordered[2] && ordered[2] >= ordered[2]);
        Assert.Equal(Ipv4Address.Parse("10.0.1.0"), Ipv4Address.Parse("10.0.0.255") + 1);
        Assert.True((Ipv4Address.Parse("255.255.255.255") + 1).IsUnspecified);
    }

    [Theory]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.255.255.255", false)]
    [InlineData("1.0.0.0", true)]
    [InlineData("126.255.255.255", true)]
    [InlineData("127.0.0.0", false)]
    [InlineData("127.255.255.255", false)]
    [InlineData("128.0.0.0", true)]
    [InlineData("223.255.255.255", true)]
    [InlineData("224.0.0.0", false, true)]
    [InlineData("239.255.255.255", false, true)]
    [InlineData("240.0.0.0", true)]
    [InlineData("255.255.255.254", true)]
    [InlineData("255.255.255.255", false, true)]
    public void An_address_is_one_hosts_as_linux_has_it(string text, bool isUnicast, bool isOfMany = false)
    {
        var address = Ipv4Address.Parse(text);

        Assert.Equal(isUnicast, address.IsUnicast);
        Assert.Equal(isOfMany, address.IsMulticastOrBroadcast);
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
    public void What_is_not_a_dotted_quad_is_refused(string text)
    {
        Assert.False(Ipv4Address.TryParse(text, out Ipv4Address address));
        Assert.True(address.IsUnspecified);
        Assert.Contains(text, Assert.Throws<FormatException>(() => Ipv4Address.Parse(text)).Message);
    }
}
