using System.Collections.Generic;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// Defaults and range rules of the network config (flannel pkg/subnet/config.go CheckNetworkConfig). In a config that
/// has only been read, 0 stands for "not given". The broken rules come in flannel's order; a rule about a value that an
/// earlier rule refused is not applied.
/// </summary>
internal static class NetworkConfigRules
{
    private const string TooFewSubnets = "network must be able to accommodate at least four subnets";

    internal static NetworkConfig Complete(NetworkConfig given, List<NetworkConfigException> broken)
    {
        NetworkConfig config = given;
        if (config.EnableIPv4)
        {
            config = CompleteIPv4(config, broken);
        }

        return config.EnableIPv6 ? CompleteIPv6(config, broken) : config;
    }

    private static NetworkConfig CompleteIPv4(NetworkConfig config, List<NetworkConfigException> broken)
    {
        Ipv4Prefix network = config.Network;
        if (network == default)
        {
            return Refused(config, broken, "please define a correct Network parameter in the flannel config");
        }

        int length = config.SubnetLength;
        if (length > 30)
        {
            return Refused(config, broken, "SubnetLen must be less than /31");
        }

        if (length > 0 && length < network.Length + 2)
        {
            return Refused(config, broken, TooFewSubnets);
        }

        if (length == 0)
        {
            if (network.Length > 28)
            {
                return Refused(config, broken, "network is too small. Minimum useful network prefix is /28");
            }

            length = network.Length <= 22 ? 24 : network.Length + 2;
        }

        // flannel leaves out the first subnet, which holds the network's own address.
        Ipv4Address min = config.SubnetMin.IsUnspecified
            ? new Ipv4Prefix(network.First, length).Last + 1
            : config.SubnetMin;
        if (!network.Contains(min))
        {
            _ = Refused(config, broken, "SubnetMin is not in the range of the Network");
        }

        Ipv4Address max = config.SubnetMax.IsUnspecified
            ? new Ipv4Prefix(network.Last, length).First
            : config.SubnetMax;
        if (!network.Contains(max))
        {
            _ = Refused(config, broken, "SubnetMax is not in the range of the Network");
        }

        if (!new Ipv4Prefix(min, length).IsMasked)
        {
            _ = Refused(config, broken, $"SubnetMin is not on a SubnetLen boundary: {min}");
        }

        if (!new Ipv4Prefix(max, length).IsMasked)
        {
            _ = Refused(config, broken, $"SubnetMax is not on a SubnetLen boundary: {max}");
        }

        return config with { SubnetLength = length, SubnetMin = min, SubnetMax = max };
    }

    private static NetworkConfig CompleteIPv6(NetworkConfig config, List<NetworkConfigException> broken)
    {
        Ipv6Prefix network = config.IPv6Network;
        if (network == default)
        {
            return Refused(config, broken, "please define a correct IPv6Network parameter in the flannel config");
        }

        int length = config.IPv6SubnetLength;
        if (length > 126)
        {
            return Refused(config, broken, "SubnetLen must be less than /127");
        }

        if (length > 0 && length < network.Length + 2)
        {
            return Refused(config, broken, TooFewSubnets);
        }

        if (length == 0)
        {
            if (network.Length > 124)
            {
                return Refused(config, broken, "IPv6Network is too small. Minimum useful network prefix is /124");
            }

            length = network.Length <= 62 ? 64 : network.Length + 2;
        }

        Ipv6Address min = config.IPv6SubnetMin.IsUnspecified
            ? new Ipv6Prefix(network.First, length).Last + 1
            : config.IPv6SubnetMin;
        if (!network.Contains(min))
        {
            _ = Refused(config, broken, "IPv6SubnetMin is not in the range of the IPv6Network");
        }

        Ipv6Address max = config.IPv6SubnetMax.IsUnspecified
            ? new Ipv6Prefix(network.Last, length).First
            : config.IPv6SubnetMax;
        if (!network.Contains(max))
        {
            _ = Refused(config, broken, "IPv6SubnetMax is not in the range of the IPv6Network");
        }

        if (!new Ipv6Prefix(min, length).IsMasked)
        {
            _ = Refused(config, broken, $"IPv6SubnetMin is not on a SubnetLen boundary: {min}");
        }

        if (!new Ipv6Prefix(max, length).IsMasked)
        {
            _ = Refused(config, broken, $"IPv6SubnetMax is not on a SubnetLen boundary: {max}");
        }

        return config with { IPv6SubnetLength = length, IPv6SubnetMin = min, IPv6SubnetMax = max };
    }

    private static NetworkConfig Refused(NetworkConfig config, List<NetworkConfigException> broken, string rule)
    {
        broken.Add(new NetworkConfigException(rule));
        return config;
    }
}
