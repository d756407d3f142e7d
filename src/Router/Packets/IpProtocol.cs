namespace Overlay.Router.Packets;

/// <summary>
/// The protocols whose headers are read here (IANA protocol numbers), the lengths of their headers and where their
/// checksums are.
/// </summary>
internal static class IpProtocol
{
    /// <summary>ICMP (RFC 792).</summary>
    public const byte Icmp = 1;

    /// <summary>TCP (RFC 9293).</summary>
    public const byte Tcp = 6;

    /// <summary>UDP (RFC 768).</summary>
    public const byte Udp = 17;

    /// <summary>The header of TCP without options, in bytes.</summary>
    public const int TcpHeaderBytes = 20;

    /// <summary>The header of UDP, in bytes.</summary>
    public const int UdpHeaderBytes = 8;

    /// <summary>TCP's checksum, in bytes from its header's first.</summary>
    public const int TcpChecksumOffset = 16;

    /// <summary>UDP's checksum, in bytes from its header's first.</summary>
    public const int UdpChecksumOffset = 6;
}
