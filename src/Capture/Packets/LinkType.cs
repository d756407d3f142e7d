namespace Overlay.Capture.Packets;

/// <summary>What a captured frame begins with, by its number in capture files (tcpdump.org/linktypes).</summary>
public enum LinkType
{
    /// <summary>LINKTYPE_ETHERNET.</summary>
    Ethernet = 1,

    /// <summary>LINKTYPE_RAW: an IPv4 or IPv6 header; the version tells.</summary>
    Raw = 101,

    /// <summary>LINKTYPE_LINUX_SLL: tcpdump's <c>-i any</c>, 16 bytes.</summary>
    LinuxCooked = 113,

    /// <summary>LINKTYPE_IPV4.</summary>
    Ipv4 = 228,

    /// <summary>LINKTYPE_IPV6.</summary>
    Ipv6 = 229,

    /// <summary>LINKTYPE_LINUX_SLL2: a newer tcpdump's <c>-i any</c>, 20 bytes.</summary>
    LinuxCooked2 = 276,
}
