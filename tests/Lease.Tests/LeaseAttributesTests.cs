using System;
using System.Text;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests;

public sealed class LeaseAttributesTests
{
    [Theory]
    [InlineData("""{"PublicIP":"1.2.3.4","PublicIPv6":null}""")]
    [InlineData(
        """
        {"PublicIP":"192.168.64.3","PublicIPv6":null,"BackendType":"vxlan",
        "BackendData":{"VNI":1,"VtepMAC":"c6:d2:32:6f:8f:44"}}
        """)]
    [InlineData("""{"PublicIP":"1.2.3.4","PublicIPv6":"fc00::1","BackendType":"host-gw"}""")]
    [InlineData(
        """
        {"PublicIP":"1.2.3.4","PublicIPv6":"fc00::1","BackendType":"wireguard",
        "BackendData":{"PublicKey":"a+b/c="},"BackendV6Data":[1,2.50]}
        """)]
    public void Is_written_compactly_in_flannels_order(string json) =>
        Assert.Equal(json.ReplaceLineEndings(""), RoundTrip(json));

    [Theory]
    [InlineData("{}", "0.0.0.0")]
    [InlineData("""{"publicip":"1.2.3.4"}""", "1.2.3.4")]
    [InlineData(""" { "Extra" : {"a":[1]}, "PUBLICIP" : "1.2.3.4", "BackendData":null } """, "1.2.3.4")]
    [InlineData("""{"PublicIP":null,"BackendType":null}""", "0.0.0.0")]
    public void Is_read_leniently(string json, string publicIp)
    {
        var attributes = LeaseAttributes.Parse(Encoding.UTF8.GetBytes(json));

        Assert.Equal(new LeaseAttributes(Ip(publicIp)), attributes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("""{"PublicIP":"1.2.3.4" """)]
    [InlineData("""{"PublicIP":"1.2.3"}""")]
    [InlineData("""{"PublicIP":""}""")]
    [InlineData("""{"PublicIP":1}""")]
    [InlineData("""{"PublicIP":"\ud800"}""")]
    [InlineData("""{"PublicIPv6":"1.2.3.4"}""")]
    [InlineData("""{"BackendType":{}}""")]
    [InlineData("""{"BackendData":"\ud800"}""")]
    public void Wrong_JSON_or_an_address_that_does_not_parse_is_an_error(string json) =>
        Assert.Throws<FormatException>(() => LeaseAttributes.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_an_error() =>
        Assert.Throws<FormatException>(() => LeaseAttributes.Parse([.. "{\"PublicIP\":\""u8, 0xff, .. "\"}"u8]));

    [Fact]
    public void Backend_data_is_compared_without_regard_to_blanks() =>
        Assert.Equal(
            LeaseAttributes.Parse("""{"BackendData":{"VNI":1}}"""u8),
            LeaseAttributes.Parse("""{"BackendData": { "VNI" : 1 } }"""u8));

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("1 2")]
    [InlineData("\"\\ud800\"")]
    public void Backend_data_that_is_not_JSON_is_refused(string data)
    {
        Assert.Throws<ArgumentException>(() => new BackendLeaseData("vxlan", data));
        Assert.Throws<ArgumentException>(() => new BackendLeaseData("vxlan", null, data));
    }

    [Fact]
    public void Backend_data_of_null_is_none() =>
        Assert.Equal(new BackendLeaseData("vxlan"), new BackendLeaseData("vxlan", "null", " null "));

    [Fact]
    public void No_bytes_make_it_fail_otherwise()
    {
        const int Seed = 20301;
        var random = new Random(Seed);
        byte[] seedText =
            Encoding.UTF8.GetBytes("""{"PublicIP":"1.2.3.4","PublicIPv6":"fc00::1","BackendData":{"a":[1]}}""");
        for (int round = 0; round < 20_000; round++)
        {
            byte[] text = [.. seedText];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                text[random.Next(text.Length)] = (byte)random.Next(256);
            }

            try
            {
                LeaseAttributes.Parse(text.AsSpan(0, random.Next(text.Length + 1)));
            }
            catch (FormatException)
            {
            }
            catch (Exception problem)
            {
                Assert.Fail($"seed {Seed}, round {round}: {problem}");
            }
        }
    }

    private static string RoundTrip(string json) =>
        Encoding.UTF8.GetString(LeaseAttributes.Parse(Encoding.UTF8.GetBytes(json)).ToJson());
}
