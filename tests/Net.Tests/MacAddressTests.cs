using System;
using Xunit;

namespace Overlay.Net.Tests;

public sealed class MacAddressTests
{
    [Theory]
    [InlineData("0a:1b:2c:3d:4e:5f")]
    [InlineData("0A-1B-2C-3D-4E-5F")]
    [InlineData("0a1b.2c3d.4E5F")]
    public void The_three_ways_to_write_it_are_one_address(string text)
    {
        Assert.Equal("0a:1b:2c:3d:4e:5f", MacAddress.Parse(text).ToString());
        Assert.Equal(0x0A1B2C3D4E5FUL, MacAddress.Parse(text).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0a:1b:2c:3d:4e")]
    [InlineData("0a:1b:2c:3d:4e:5f:60:61")]
    [InlineData("0a:1b-2c:3d:4e:5f")]
    [InlineData("0a:1b:2c:3d:4e:5g")]
    [InlineData("0a:1b:2c:3d:4e: f")]
    [InlineData("0a1b.2c3d-4e5f")]
    [InlineData("0a1b2c3d4e5f")]
    [InlineData("a:1b:2c:3d:4e:5f6")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(MacAddress.TryParse(text, out _));
        Assert.Throws<FormatException>(() => MacAddress.Parse(text));
    }

    [Fact]
    public void Bytes_are_read_and_written_as_they_stand_in_a_frame()
    {
        byte[] bytes = [0x0A, 0x1B, 0x2C, 0x3D, 0x4E, 0x5F, 0xFF];
        var address = MacAddress.Read(bytes);
        Span<byte> written = new byte[MacAddress.ByteCount];
        address.Write(written);
        Assert.Equal("0a:1b:2c:3d:4e:5f", address.ToString());
        Assert.Equal(bytes[..MacAddress.ByteCount], written.ToArray());
    }

    [Theory]
    [InlineData("ff:ff:ff:ff:ff:ff", false, "fe:ff:ff:ff:ff:ff")]
    [InlineData("01:00:5e:00:00:01", false, "02:00:5e:00:00:01")]
    [InlineData("00:00:00:00:00:00", false, "02:00:00:00:00:00")]
    [InlineData("02:00:00:00:00:07", true, "02:00:00:00:00:07")]
    public void A_local_address_has_the_local_bit_and_not_that_of_groups(string text, bool isUnicast, string local)
    {
        var address = MacAddress.Parse(text);
        Assert.Equal(isUnicast, address.IsUnicast);
        Assert.Equal(local, address.AsLocal().ToString());
        Assert.True(address.AsLocal().IsUnicast);
    }
}
