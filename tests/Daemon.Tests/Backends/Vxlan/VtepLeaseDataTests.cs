using Overlay.Daemon.Backends.Vxlan;
using Overlay.Lease;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Vxlan;

public sealed class VtepLeaseDataTests
{
    private const string Mac = "c6:d2:32:6f:8f:44";

    [Fact]
    public void It_is_written_byte_for_byte_as_stock_does()
    {
        var data = new VtepLeaseData(1, MacAddress.Parse(Mac));

        Assert.Equal(
            new BackendLeaseData("vxlan", $$"""{"VNI":1,"VtepMAC":"{{Mac}}"}"""), data.ToLeaseData());
        Assert.Equal($$"""{"VNI":1,"VtepMAC":"{{Mac}}"}""", data.ToLeaseData().Data);
        Assert.Equal(data, VtepLeaseData.Read(data.ToLeaseData(), out string? fault));
        Assert.Null(fault);
    }

    [Theory]
    [InlineData("""{"vni":1,"vtepmac":"C6-D2-32-6F-8F-44"}""")]
    [InlineData("""{"VtepMAC":"c6d2.326f.8f44","VNI":1,"Other":{"VNI":2}}""")]
    public void It_is_read_as_stock_reads_it(string json) => Assert.Equal(
        new VtepLeaseData(1, MacAddress.Parse(Mac)), VtepLeaseData.Read(new BackendLeaseData("vxlan", json), out _));

    [Theory]
    [InlineData(null, "has no BackendData")]
    [InlineData("[1]", "has BackendData that is not an object, [1]")]
    [InlineData("""{"VNI":1}""", "has no VtepMAC")]
    [InlineData("""{"VNI":1,"VtepMAC":null}""", "has no VtepMAC")]
    [InlineData("""{"VNI":"1"}""", "has a VNI that is not a number, \"1\"")]
    [InlineData("""{"VNI":-1}""", "has a VNI that is not a number, -1")]
    [InlineData("""{"VtepMAC":7}""", "has a VtepMAC that is not the MAC of a device, 7")]
    [InlineData("""{"VtepMAC":"c6:d2"}""", "has a VtepMAC that is not the MAC of a device, \"c6:d2\"")]
    [InlineData(
        """{"VtepMAC":"01:00:5e:00:00:01"}""", "has a VtepMAC that is not the MAC of a device, \"01:00:5e:00:00:01\"")]
    public void What_cannot_be_used_has_a_reason_in_words(string? json, string reason)
    {
        Assert.Null(VtepLeaseData.Read(new BackendLeaseData("vxlan", json), out string? fault));
        Assert.Equal(reason, fault);
    }
}
