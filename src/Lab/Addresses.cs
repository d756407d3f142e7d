using System;
using System.Net;
using Overlay.Net;

namespace Overlay.Lab;

/// <summary>Addresses of packets as sockets name them.</summary>
public static class Addresses
{
    /// <summary>The same address.</summary>
    public static IPAddress ToIPAddress(this Ipv4Address address)
    {
        Span<byte> bytes = stackalloc byte[Ipv4Address.ByteCount];
        address.Write(bytes);
        return new IPAddress(bytes);
    }
}
