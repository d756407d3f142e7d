using System.Globalization;
using System.Linq;
using Overlay.Net;

namespace Overlay.Doctor.Facts;

/// <summary>What subnet.env says (flannel pkg/subnet/subnet.go, WriteSubnetFile).</summary>
/// <param name="Network">FLANNEL_NETWORK.</param>
/// <param name="Subnet">FLANNEL_SUBNET, without host bits.</param>
/// <param name="Mtu">FLANNEL_MTU, in bytes.</param>
/// <param name="Masquerade">FLANNEL_IPMASQ.</param>
internal sealed record SubnetFileFacts(Ipv4Prefix? Network, Ipv4Prefix? Subnet, int? Mtu, bool Masquerade)
{
    /// <summary>Reads the file's text; what does not parse is null.</summary>
    internal static SubnetFileFacts Parse(string text)
    {
        string? Value(string name) => text.Split('\n')
            .Where(line => line.StartsWith($"{name}=", System.StringComparison.Ordinal))
            .Select(line => line[(name.Length + 1)..].Trim().Trim('"')).LastOrDefault();
        Ipv4Prefix? Prefix(string name) =>
            Value(name) is { } value && Ipv4Prefix.TryParse(value, out Ipv4Prefix prefix) ? prefix.Masked() : null;
        return new SubnetFileFacts(
            Prefix("FLANNEL_NETWORK"), Prefix("FLANNEL_SUBNET"),
            int.TryParse(Value("FLANNEL_MTU"), NumberStyles.None, CultureInfo.InvariantCulture, out int mtu)
                ? mtu : null,
            Value("FLANNEL_IPMASQ") == "true");
    }
}
