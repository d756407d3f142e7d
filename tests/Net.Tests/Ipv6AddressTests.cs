using System;
using System.Globalization;
using System.Net;
using Xunit;

namespace Overlay.Net.Tests;

public sealed class Ipv6AddressTests
{
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
        Assert.True(Ipv6Address.TryParse(text, out Ipv6Address address));

        Assert.Equal(canonical, address.ToString());
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

            string text = new Ipv6Address(address).ToString();
            Assert.True(
                Ipv6Address.TryParse(text, out Ipv6Address read)
                    && read.Value == address
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
        Assert.False(Ipv6Address.TryParse(text, out _));
}
