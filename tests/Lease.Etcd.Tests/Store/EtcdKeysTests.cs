using System;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;
using Overlay.Lease.Etcd.Store;
using Xunit;
using static Overlay.Testing.LeaseText;

namespace Overlay.Lease.Etcd.Tests.Store;

public sealed class EtcdKeysTests
{
    [Theory]
    [InlineData("/coreos.com/network", "/coreos.com/network")]
    [InlineData("/coreos.com/network/", "/coreos.com/network")]
    [InlineData("//coreos.com//./network", "/coreos.com/network")]
    [InlineData("/coreos.com/other/../network", "/coreos.com/network")]
    [InlineData("coreos.com/network", "coreos.com/network")]
    [InlineData("/", "")]
    public void A_prefix_is_joined_as_a_path(string given, string joined)
    {
        var keys = new EtcdKeys(given);

        Assert.Equal($"{joined}/config", keys.Config);
        Assert.Equal($"{joined}/subnets/10.5.34.0-24", keys.Of(Cidr("10.5.34.0/24")));
    }

    [Theory]
    [InlineData("/coreos.com/network", "etcd:http://127.0.0.1:4001,http://127.0.0.1:80/coreos.com/network")]
    [InlineData("/", "etcd:http://127.0.0.1:4001,http://127.0.0.1:80/")]
    [InlineData("coreos.com/network/", "etcd:http://127.0.0.1:4001,http://127.0.0.1:80 coreos.com/network")]
    public void A_store_is_named_by_its_endpoints_and_its_prefix_as_its_keys_begin(string prefix, string name)
    {
        var options = new EtcdOptions { Endpoints = [
            new Uri("http://127.0.0.1:4001"), new Uri("http://127.0.0.1:80/")] };

        Assert.Equal(name, new EtcdKeys(prefix).Describe(options));
    }

    [Theory]
    [InlineData("/n/subnets/10.5.1.0-24", true)]
    [InlineData("/n/subnets/", true)]
    [InlineData("/n/subnets-old/10.5.1.0-24", false)]
    [InlineData("/n/subnets", false)]
    [InlineData("/n/subnets0", false)]
    public void What_is_listed_are_the_keys_below_the_slash(string key, bool isListed)
    {
        var keys = new EtcdKeys("/n");

        Assert.Equal(
            isListed, string.CompareOrdinal(key, keys.Subnets) >= 0 && string.CompareOrdinal(key, keys.SubnetsEnd) < 0);
    }

    [Fact]
    public void A_name_is_what_follows_even_when_it_is_not_text()
    {
        var keys = new EtcdKeys("/n");

        Assert.Equal("10.5.1.0-24", keys.NameOf(ByteString.CopyFromUtf8("/n/subnets/10.5.1.0-24")));
        Assert.Equal("\uFFFD", keys.NameOf(ByteString.CopyFrom([.. "/n/subnets/"u8, 0xFF])));
    }
}
