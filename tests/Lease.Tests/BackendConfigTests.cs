using Xunit;

namespace Overlay.Lease.Tests;

public sealed class BackendConfigTests
{
    [Theory]
    [InlineData("""{}""", null)]
    [InlineData("""{"Other":1}""", null)]
    [InlineData("""{"Port":null}""", null)]
    [InlineData("""{"PORT":1}""", 1)]
    [InlineData("""{"port":65535,"Type":"udp"}""", 65535)]
    [InlineData("""{"Port":7,"port":8}""", 8)]
    [InlineData("""{"Port":7,"port":null}""", 7)]
    public void An_integer_is_read_as_Go_reads_it(string json, int? expected) =>
        Assert.Equal(expected, new BackendConfig("udp", json).ReadInteger("Port", 1, 65535));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("99999999999999999999")]
    [InlineData("-1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("\"8285\"")]
    [InlineData("true")]
    [InlineData("[1]")]
    public void What_is_not_an_integer_in_the_range_is_refused_with_the_value_found(string value)
    {
        var backend = new BackendConfig("udp", $$"""{"Port":{{value}}}""");

        Assert.Equal(
            $"error decoding UDP backend config: Port must be an integer from 1 to 65535, found {value}",
            Assert.Throws<NetworkConfigException>(() => backend.ReadInteger("Port", 1, 65535)).Message);
    }

    [Theory]
    [InlineData("""{}""", false)]
    [InlineData("""{"GBP":null}""", false)]
    [InlineData("""{"gbp":true}""", true)]
    [InlineData("""{"GBP":true,"gbp":false}""", false)]
    public void A_switch_is_read_as_Go_reads_it(string json, bool expected) =>
        Assert.Equal(expected, new BackendConfig("vxlan", json).ReadSwitch("GBP"));

    [Theory]
    [InlineData("1")]
    [InlineData("\"true\"")]
    [InlineData("{}")]
    public void What_is_not_a_switch_is_refused_with_the_value_found(string value) => Assert.Equal(
        $"error decoding VXLAN backend config: GBP must be true or false, found {value}",
        Assert.Throws<NetworkConfigException>(
            () => new BackendConfig("vxlan", $$"""{"GBP":{{value}}}""").ReadSwitch("GBP")).Message);

    [Fact]
    public void A_type_is_compared_without_regard_to_case()
    {
        Assert.True(new BackendConfig("UDP", "{}").Is("udp"));
        Assert.False(new BackendConfig("", "{}").Is("udp"));
        Assert.True(BackendConfig.Default.Is("udp"));
    }

    [Fact]
    public void Options_that_are_not_known_or_given_twice_are_oddities() =>
        Assert.Equal(
            [
                "the key 'Prot' in Backend is not known and is ignored; did you mean Port?",
                "the key 'type' in Backend is given more than once; the last one counts",
            ],
            new BackendConfig("udp", """{"Type":"udp","Prot":1,"type":"udp"}""").FindOddities(["Type", "Port"]));
}
