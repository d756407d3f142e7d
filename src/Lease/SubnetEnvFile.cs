using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Overlay.Net;

namespace Overlay.Lease;

/// <summary>
/// subnet.env: where the CNI plugin, Docker and the next start read which subnet this host has (flannel
/// pkg/subnet/subnet.go WriteSubnetFile and ReadCIDRsFromSubnetFile). Its presence means the overlay is ready.
/// </summary>
public static class SubnetEnvFile
{
    /// <summary>Where it is unless somebody says otherwise.</summary>
    public const string DefaultPath = "/run/flannel/subnet.env";

    /// <summary>The whole overlay, of each family.</summary>
    internal const string NetworkVariable = "FLANNEL_NETWORK", Ipv6NetworkVariable = "FLANNEL_IPV6_NETWORK";

    /// <summary>This host's part of it.</summary>
    internal const string SubnetVariable = "FLANNEL_SUBNET", Ipv6SubnetVariable = "FLANNEL_IPV6_SUBNET";

    /// <summary>Of the overlay device, and who masquerades.</summary>
    internal const string MtuVariable = "FLANNEL_MTU", MasqueradeVariable = "FLANNEL_IPMASQ";

    /// <summary>
    /// Writes the file atomically: mode 0644, missing directories with mode 0755, both regardless of the umask; flushed
    /// to disk before it appears. One that is there and cannot be renamed over is written in place and keeps its mode.
    /// </summary>
    /// <param name="path">Any path; an existing file is replaced.</param>
    /// <param name="network">The whole overlay.</param>
    /// <param name="subnet">Our lease. The file names its first usable address: 10.5.34.0/24 is written as
    /// 10.5.34.1/24.</param>
    /// <param name="maximumTransmissionUnit">Of the overlay device, in bytes.</param>
    /// <param name="ipMasquerade">Whether the overlay masquerades traffic that leaves it.</param>
    /// <param name="ipv6Network">The whole IPv6 overlay; null when there is none.</param>
    /// <param name="ipv6Subnet">Our IPv6 lease; null when there is none.</param>
    /// <returns>Null when it was replaced as a whole; otherwise why it had to be written in place, which see
    /// <see cref="AtomicFile.WriteOrOverwrite"/>.</returns>
    /// <exception cref="IOException">A directory cannot be made or the file not written. No temporary file
    /// stays.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of permission.</exception>
    public static string? Write(
        string path,
        Ipv4Prefix network,
        Ipv4Prefix subnet,
        int maximumTransmissionUnit,
        bool ipMasquerade,
        Ipv6Prefix? ipv6Network = null,
        Ipv6Prefix? ipv6Subnet = null)
    {
        var text = new StringBuilder();
        Append(text, NetworkVariable, network.ToString());
        Append(text, SubnetVariable, new Ipv4Prefix(subnet.First + 1, subnet.Length).ToString());
        if (ipv6Network is { } network6)
        {
            Append(text, Ipv6NetworkVariable, network6.ToString());
        }

        if (ipv6Subnet is { } subnet6)
        {
            Append(text, Ipv6SubnetVariable, new Ipv6Prefix(subnet6.First + 1, subnet6.Length).ToString());
        }

        Append(text, MtuVariable, maximumTransmissionUnit.ToString(CultureInfo.InvariantCulture));
        Append(text, MasqueradeVariable, ipMasquerade ? "true" : "false");

        string fullPath = Path.GetFullPath(path);
        AtomicFile.CreateDirectory(Path.GetDirectoryName(fullPath) ?? "/");
        return AtomicFile.WriteOrOverwrite(fullPath, Encoding.ASCII.GetBytes(text.ToString()));
    }

    /// <summary>The subnet this host had before, without host bits.</summary>
    /// <param name="path">The file; it may be missing.</param>
    /// <param name="warn">Gets one line for each thing that was passed over; null for silence.</param>
    /// <returns>Null unless the file names exactly one valid subnet.</returns>
    public static Ipv4Prefix? ReadPreviousSubnet(string path, Action<string>? warn = null)
    {
        IReadOnlyList<Ipv4Prefix> subnets = ReadPrefixes(path, SubnetVariable, warn);
        return ExactlyOne(path, SubnetVariable, subnets, warn) ? subnets[0] : null;
    }

    /// <summary>The IPv6 subnet this host had before; otherwise as <see cref="ReadPreviousSubnet"/>.</summary>
    public static Ipv6Prefix? ReadPreviousIpv6Subnet(string path, Action<string>? warn = null)
    {
        List<Ipv6Prefix> subnets = [];
        foreach (string entry in ReadList(path, Ipv6SubnetVariable, warn))
        {
            if (Ipv6Prefix.TryParse(entry, out Ipv6Prefix prefix))
            {
                subnets.Add(prefix.Masked());
            }
            else
            {
                WarnBadEntry(path, Ipv6SubnetVariable, entry, warn);
            }
        }

        return ExactlyOne(path, Ipv6SubnetVariable, subnets, warn) ? subnets[0] : null;
    }

    /// <summary>
    /// The IPv4 prefixes a variable lists, separated by commas, without host bits; broken entries are passed over.
    /// </summary>
    /// <param name="path">The file; a missing one lists nothing.</param>
    /// <param name="variable">For example <c>FLANNEL_SUBNET</c> or <c>FLANNEL_NETWORK</c>.</param>
    /// <param name="warn">Gets one line for each thing that was passed over; null for silence.</param>
    public static IReadOnlyList<Ipv4Prefix> ReadPrefixes(string path, string variable, Action<string>? warn = null)
    {
        List<Ipv4Prefix> prefixes = [];
        foreach (string entry in ReadList(path, variable, warn))
        {
            if (Ipv4Prefix.TryParse(entry, out Ipv4Prefix prefix))
            {
                prefixes.Add(prefix.Masked());
            }
            else
            {
                WarnBadEntry(path, variable, entry, warn);
            }
        }

        return prefixes;
    }

    private static void Append(StringBuilder text, string variable, string value) =>
        text.Append(variable).Append('=').Append(value).Append('\n');

    private static string[] ReadList(string path, string variable, Action<string>? warn)
    {
        string? value = null;
        try
        {
            value = DotEnv.Find(RegularFile.ReadAllText(path), variable);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // The first start: nothing to report.
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            warn?.Invoke($"{path} cannot be read ({OneLine.Shorten(problem.Message)}): no previous subnet is known; "
                + "it will be written anew");
        }

        return value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
    }

    private static bool ExactlyOne<T>(string path, string variable, IReadOnlyList<T> subnets, Action<string>? warn)
    {
        if (subnets.Count > 1)
        {
            warn?.Invoke($"{path}: {variable} names {subnets.Count} subnets ({string.Join(", ", subnets)}): "
                + "no previous subnet is taken from it; leave one");
        }

        return subnets.Count == 1;
    }

    private static void WarnBadEntry(string path, string variable, string entry, Action<string>? warn) =>
        warn?.Invoke($"{path}: '{OneLine.Shorten(entry)}' in {variable} is not a subnet and is passed over; "
            + "write it as address/length");
}
