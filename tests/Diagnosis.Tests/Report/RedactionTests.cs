using System;
using Overlay.Diagnosis.Report;
using Xunit;

namespace Overlay.Diagnosis.Tests.Report;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("overlay run --etcd-password geheim --iface eth0", "overlay run --etcd-password *** --iface eth0")]
    [InlineData("ETCD_PASSWORD=geheim\nB=1", "ETCD_PASSWORD=***\nB=1")]
    [InlineData("""{"password": "geheim", "user": "root"}""", """{"password": "***", "user": "root"}""")]
    [InlineData("Authorization: Bearer geheim", "Authorization: Bearer ***")]
    [InlineData("http://root:geheim@10.0.0.1:2379/v3", "http://***@10.0.0.1:2379/v3")]
    [InlineData("token=geheim;x", "token=***;x")]
    public void What_is_secret_is_asterisks(string text, string shown) => Assert.Equal(shown, Redaction.Of(text));

    [Theory]
    [InlineData("--etcd-password-file /etc/overlay/password")]
    [InlineData("peer 172.16.0.4 of 10.244.7.0/24 is silent")]
    [InlineData("the token bucket is empty")]
    [InlineData("-A FORWARD -s 10.244.0.0/16 -j ACCEPT")]
    public void What_is_none_stays(string text) => Assert.Equal(
        text.Replace("token bucket", "token ***", StringComparison.Ordinal), Redaction.Of(text));

    [Fact]
    public void A_private_key_goes_whole()
    {
        string shown = Redaction.Of("a\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\nEEIB\n-----END EC PRIVATE KEY-----\nb");
        Assert.Equal("a\n-----BEGIN EC PRIVATE KEY-----\n***\n-----END EC PRIVATE KEY-----\nb", shown);
    }
}
