using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// The overlay's network config: flannel's JSON after its defaults and checks (flannel pkg/subnet/config.go). Only
/// <see cref="Parse"/> makes one, so every instance satisfies the rules.
/// </summary>
public sealed record NetworkConfig
{
    internal NetworkConfig()
    {
    }

    /// <summary>Default true. When false the IPv4 members are as given, without defaults or checks.</summary>
    public bool EnableIPv4 { get; internal init; } = true;

    /// <summary>Default false. When false the IPv6 members are as given, without defaults or checks.</summary>
    public bool EnableIPv6 { get; internal init; }

    /// <summary>nftables instead of iptables. Default false.</summary>
    public bool EnableNFTables { get; internal init; }

    /// <summary>The whole overlay, without host bits.</summary>
    public Ipv4Prefix Network { get; internal init; }

    /// <summary>Prefix length of one host's subnet, 2 to 30; at least two more than the network's.</summary>
    public int SubnetLength { get; internal init; }

    /// <summary>
    /// Network address of the first subnet to give out. May be above <see cref="SubnetMax"/>.
    /// </summary>
    public Ipv4Address SubnetMin { get; internal init; }

    /// <summary>Network address of the last subnet to give out.</summary>
    public Ipv4Address SubnetMax { get; internal init; }

    /// <summary>The whole IPv6 overlay, without host bits.</summary>
    public Ipv6Prefix IPv6Network { get; internal init; }

    /// <summary>Prefix length of one host's IPv6 subnet, 2 to 126.</summary>
    public int IPv6SubnetLength { get; internal init; }

    /// <summary>Network address of the first IPv6 subnet to give out.</summary>
    public Ipv6Address IPv6SubnetMin { get; internal init; }

    /// <summary>Network address of the last IPv6 subnet to give out.</summary>
    public Ipv6Address IPv6SubnetMax { get; internal init; }

    /// <summary>Which backend, and its options, unread.</summary>
    public BackendConfig Backend { get; internal init; } = BackendConfig.Default;

    /// <summary>The text this was read from, as it was given.</summary>
    public string Json { get; internal init; } = "";

    /// <summary>Reads flannel's JSON, applies the defaults and checks the ranges.</summary>
    /// <param name="json">Keys without regard to case, unknown keys ignored, null means the default (Go's
    /// encoding/json).</param>
    /// <exception cref="NetworkConfigException">The first rule that fails, in flannel's words where it has
    /// them.</exception>
    public static NetworkConfig Parse(string json)
    {
        (NetworkConfig config, List<NetworkConfigException> broken) = ParseAll(json);
        return broken.Count == 0 ? config : throw broken[0];
    }

    /// <summary>
    /// As <see cref="Parse"/>, but goes on after a rule that is broken, as far as others do not depend on it.
    /// </summary>
    internal static (NetworkConfig Config, List<NetworkConfigException> Broken) ParseAll(string json)
    {
        List<NetworkConfigException> broken = [];
        NetworkConfig config = NetworkConfigJson.Read(json, broken);
        return (
            (broken.Count == 0 ? NetworkConfigRules.Complete(config, broken) : config) with { Json = json }, broken);
    }

    /// <summary>
    /// Whether a subnet could be leased under this config: SubnetMin ≤ address ≤ SubnetMax and the configured length
    /// (flannel pkg/subnet/etcd/local_manager.go isSubnetConfigCompat).
    /// </summary>
    public bool Allows(Ipv4Prefix subnet) =>
        subnet.Length == SubnetLength && subnet.Address >= SubnetMin && subnet.Address <= SubnetMax;
}
