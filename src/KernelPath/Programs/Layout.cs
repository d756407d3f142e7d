namespace Overlay.KernelPath.Programs;

/// <summary>Where fields lie: in an IPv4 header (RFC 791), a UDP header (RFC 768), and from a frame's start.</summary>
internal static class Layout
{
    internal const int EthernetBytes = 14;
    internal const int EthernetType = 12;
    internal const ushort Ipv4EtherType = 0x0800;

    internal const int Ipv4Bytes = 20;
    internal const int TotalLength = 2;
    internal const int Fragment = 6;
    internal const int TimeToLive = 8;
    internal const int Protocol = 9;
    internal const int HeaderChecksum = 10;
    internal const int Source = 12;
    internal const int Destination = 16;

    internal const int UdpBytes = 8;
    internal const int UdpDestinationPort = 2;
    internal const int UdpLength = 4;
    internal const int UdpChecksum = 6;

    internal const int TcpDataOffset = 12;

    /// <summary>The outer IPv4 header of a frame.</summary>
    internal const int Outer = EthernetBytes;

    /// <summary>The outer UDP header of a frame.</summary>
    internal const int Udp = Outer + Ipv4Bytes;

    /// <summary>The inner packet of a frame.</summary>
    internal const int Inner = Udp + UdpBytes;

    /// <summary>What the encapsulation adds to a packet, without the Ethernet header.</summary>
    internal const int EncapsulationBytes = Ipv4Bytes + UdpBytes;

    /// <summary>Version 4 and a header without options.</summary>
    internal const int PlainIpv4 = 0x45;

    internal const int Tcp = 6;
    internal const int UdpProtocol = 17;

    /// <summary>A VXLAN header (RFC 7348), which the way through the whole-packet device takes.</summary>
    internal const int VxlanBytes = 8;

    /// <summary>The longest inner packet that both its encapsulation and that header still fit around.</summary>
    internal const int LongestInner = 65_535 - EncapsulationBytes - VxlanBytes;
}
