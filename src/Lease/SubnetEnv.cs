using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Overlay.Net;
using static Overlay.Lease.SubnetEnvFile;

namespace Overlay.Lease;

/// <summary>What subnet.env says to who makes pods (flannel-io/cni-plugin flannel.go, loadFlannelSubnetEnv).</summary>
/// <param name="Networks">FLANNEL_NETWORK: the overlay's, without host bits, each once.</param>
/// <param name="Subnet">FLANNEL_SUBNET, without host bits; null when the host has none.</param>
/// <param name="Ipv6Networks">FLANNEL_IPV6_NETWORK.</param>
/// <param name="Ipv6Subnet">FLANNEL_IPV6_SUBNET.</param>
/// <param name="Mtu">FLANNEL_MTU, in bytes.</param>
/// <param name="Masquerade">FLANNEL_IPMASQ: whether the daemon masquerades what leaves the overlay.</param>
public sealed record SubnetEnv(
    IReadOnlyList<Ipv4Prefix> Networks, Ipv4Prefix? Subnet, IReadOnlyList<Ipv6Prefix> Ipv6Networks,
    Ipv6Prefix? Ipv6Subnet, uint Mtu, bool Masquerade)
{
    /// <summary>Reads the file whole. A line without <c>=</c> sets nothing.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="FileNotFoundException">It is not there: no daemon is ready.</exception>
    /// <exception cref="DirectoryNotFoundException">The same.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="System.UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="InvalidDataException">Something is missing, or no prefix or number; one line says what.
    /// </exception>
    public static SubnetEnv Read(string path)
    {
        string text = RegularFile.ReadAllText(path);
        string? networks = DotEnv.Find(text, NetworkVariable), networks6 = DotEnv.Find(text, Ipv6NetworkVariable);
        string? subnet = DotEnv.Find(text, SubnetVariable), subnet6 = DotEnv.Find(text, Ipv6SubnetVariable);
        string? mtu = DotEnv.Find(text, MtuVariable), masquerade = DotEnv.Find(text, MasqueradeVariable);
        string[] none = [];
        string[] missing =
        [
            .. networks is null && networks6 is null ? [NetworkVariable, Ipv6NetworkVariable] : none,
            .. subnet is null && subnet6 is null ? [SubnetVariable, Ipv6SubnetVariable] : none,
            .. mtu is null ? [MtuVariable] : none,
            .. masquerade is null ? [MasqueradeVariable] : none,
        ];
        if (missing.Length > 0)
        {
            throw new InvalidDataException($"{path} is missing {string.Join(", ", missing)}");
        }

        return new SubnetEnv(
            [.. List(networks).Select(entry => Prefix(path, NetworkVariable, entry)).Distinct()],
            subnet is null ? null : Prefix(path, SubnetVariable, subnet),
            [.. List(networks6).Select(entry => Prefix6(path, Ipv6NetworkVariable, entry)).Distinct()],
            subnet6 is null ? null : Prefix6(path, Ipv6SubnetVariable, subnet6),
            uint.TryParse(mtu, NumberStyles.None, CultureInfo.InvariantCulture, out uint bytes)
                ? bytes : throw Bad(path, MtuVariable, mtu!, "a number of bytes such as 1472"),
            masquerade == "true");
    }

    private static string[] List(string? value) => value?.Split(',', System.StringSplitOptions.TrimEntries) ?? [];

    private static Ipv4Prefix Prefix(string path, string name, string text) =>
        Ipv4Prefix.TryParse(text, out Ipv4Prefix prefix)
            ? prefix.Masked() : throw Bad(path, name, text, "address/length such as 10.244.1.0/24");

    private static Ipv6Prefix Prefix6(string path, string name, string text) =>
        Ipv6Prefix.TryParse(text, out Ipv6Prefix prefix)
            ? prefix.Masked() : throw Bad(path, name, text, "address/length such as fc00::/64");

    private static InvalidDataException Bad(string path, string name, string value, string wanted) =>
        new($"{path}: {name} is '{OneLine.Shorten(value)}', which is not {wanted}");
}
