using Overlay.Net;

namespace Overlay.Control;

/// <summary>Reads the endpoint of a <see cref="StatusReport"/>, which is written for people.</summary>
public static class EndpointText
{
    /// <summary>Finds the first address in it, and the port behind it.</summary>
    /// <param name="endpoint"><c>UDP 172.16.0.5:8285</c>, <c>gateway 172.16.0.5</c>.</param>
    /// <returns>Null for each that is not there.</returns>
    public static (Ipv4Address? Address, ushort? Port) Read(string endpoint)
    {
        foreach (string word in endpoint.Split(' ', ','))
        {
            string[] parts = word.Split(':');
            if (Ipv4Address.TryParse(parts[0], out Ipv4Address address))
            {
                return (address, parts.Length > 1 && ushort.TryParse(parts[1], out ushort port) ? port : null);
            }
        }

        return (null, null);
    }
}
