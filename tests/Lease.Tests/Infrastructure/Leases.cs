using System;

namespace Overlay.Lease.Tests;

/// <summary>Short ways to write what tests are full of.</summary>
internal static class Leases
{
    internal static readonly DateTimeOffset Later = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    internal static uint Ip(string text) =>
        Ipv4Prefix.TryParseAddress(text, out uint address) ? address : throw new FormatException(text);

    internal static Ipv4Prefix Net(string text) =>
        Ipv4Prefix.TryParse(text, out Ipv4Prefix prefix) ? prefix : throw new FormatException(text);

    internal static Ipv6Prefix Net6(string text) =>
        Ipv6Prefix.TryParse(text, out Ipv6Prefix prefix) ? prefix : throw new FormatException(text);

    internal static SubnetLease LeaseOf(string subnet, string publicIp) =>
        new(Net(subnet), new LeaseAttributes(Ip(publicIp)), Later);

    internal static string Value(string publicIp) => $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""";
}
