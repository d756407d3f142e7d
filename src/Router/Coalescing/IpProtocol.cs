namespace Overlay.Router.Coalescing;

/// <summary>Numbers of the transport protocols that merge (IANA protocol numbers).</summary>
internal static class IpProtocol
{
    /// <summary>RFC 9293.</summary>
    public const byte Tcp = 6;

    /// <summary>RFC 768.</summary>
    public const byte Udp = 17;

    /// <summary>The header of UDP, in bytes.</summary>
    public const int UdpHeaderBytes = 8;
}
