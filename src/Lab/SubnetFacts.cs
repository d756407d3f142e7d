using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;

namespace Overlay.Lab;

/// <summary>What a daemon's subnet file says, and the addresses that follow from it.</summary>
/// <remarks>
/// Read as a CNI plugin or a Docker start script would: lines of <c>KEY=VALUE</c>. The lab does not use the daemon's
/// own reader, so that the file is tested as the contract it is.
/// </remarks>
/// <param name="Gateway">cni0's address: FLANNEL_SUBNET without its length.</param>
/// <param name="PrefixLength">FLANNEL_SUBNET's length.</param>
/// <param name="Mtu">FLANNEL_MTU, in bytes.</param>
public sealed record SubnetFacts(IPAddress Gateway, int PrefixLength, int Mtu)
{
    /// <summary>The pod's address: the one after the gateway's.</summary>
    public IPAddress Pod => Offset(Gateway, 1);

    /// <summary>The subnet's first address, which is flannel0's.</summary>
    public IPAddress Network
    {
        get
        {
            byte[] bytes = Gateway.GetAddressBytes();
            for (int bit = PrefixLength; bit < 32; bit++)
            {
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            }

            return new IPAddress(bytes);
        }
    }

    /// <summary><c>10.244.1.0/24</c>.</summary>
    public string Subnet => $"{Network}/{PrefixLength}";

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="LabException">A key is missing or unreadable.</exception>
    public static SubnetFacts Parse(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in text.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values[line[..equals]] = line[(equals + 1)..];
            }
        }

        string subnet = values.GetValueOrDefault("FLANNEL_SUBNET", string.Empty);
        int slash = subnet.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0
            || !IPAddress.TryParse(subnet[..slash], out IPAddress? gateway)
            || !int.TryParse(subnet[(slash + 1)..], CultureInfo.InvariantCulture, out int prefixLength)
            || prefixLength is < 1 or > 30
            || !int.TryParse(values.GetValueOrDefault("FLANNEL_MTU"), CultureInfo.InvariantCulture, out int mtu))
        {
            throw new LabException("the subnet file has no usable FLANNEL_SUBNET and FLANNEL_MTU", text);
        }

        return new SubnetFacts(gateway, prefixLength, mtu);
    }

    /// <summary>Reads the file.</summary>
    public static SubnetFacts Read(string path) => Parse(File.ReadAllText(path));

    private static IPAddress Offset(IPAddress address, byte by)
    {
        byte[] bytes = address.GetAddressBytes();
        bytes[3] += by;
        return new IPAddress(bytes);
    }
}
