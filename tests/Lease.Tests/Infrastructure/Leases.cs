using System;
using Overlay.Net;

namespace Overlay.Lease.Tests;

/// <summary>Short ways to write addresses, prefixes and leases.</summary>
internal static class Leases
{
    internal static readonly DateTimeOffset Later = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    internal static Ipv4Address Ip(string text) => Ipv4Address.Parse(text);

    internal static Ipv4Prefix Cidr(string text) => Ipv4Prefix.Parse(text);

    internal static Ipv6Prefix Cidr6(string text) => Ipv6Prefix.Parse(text);

    internal static LeaseAttributes Owner(string publicIp) => new(Ip(publicIp));

    internal static SubnetLease LeaseOf(string subnet, string publicIp) =>
        new(Cidr(subnet), Owner(publicIp), Later);

    internal static string Value(string publicIp) => $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""";
}
