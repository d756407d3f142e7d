using Overlay.Lease;
using Overlay.Net;

namespace Overlay.Testing;

/// <summary>Short ways to write addresses, subnets and lease values.</summary>
public static class LeaseText
{
    public static Ipv4Address Ip(string text) => Ipv4Address.Parse(text);

    public static Ipv4Prefix Cidr(string text) => Ipv4Prefix.Parse(text);

    /// <summary>What a host with the udp backend publishes.</summary>
    public static LeaseAttributes Owner(string publicIp) => new(Ip(publicIp));

    /// <summary>What flannel's UDP backend writes.</summary>
    public static string Value(string publicIp) => $$"""{"PublicIP":"{{publicIp}}","PublicIPv6":null}""";

    /// <summary><c>10.5.1.0-24</c> for 10.5.1.0/24.</summary>
    public static string Name(Ipv4Prefix subnet) => new SubnetKey(subnet).Format();
}
