using System;
using Overlay.Lease;

namespace Overlay.Testing;

/// <summary>Short ways to write addresses, subnets and lease values.</summary>
public static class LeaseText
{
    public static uint Ip(string text) =>
        Ipv4Prefix.TryParseAddress(text, out uint address) ? address : throw new FormatException(text);

    public static Ipv4Prefix Net(string text) =>
        Ipv4Prefix.TryParse(text, out Ipv4Prefix prefix) ? prefix : throw new FormatException(text);

    /// <summary>What flannel's UDP backend writes.</summary>
    public static string Value(string publicIp) => $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""";

    /// <summary><c>10.5.1.0-24</c> for 10.5.1.0/24.</summary>
    public static string Name(Ipv4Prefix subnet) => new SubnetKey(subnet).Format();
}
