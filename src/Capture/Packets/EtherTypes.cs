namespace Overlay.Capture.Packets;

/// <summary>Ethernet's numbers for what a frame carries (linux/if_ether.h).</summary>
public static class EtherTypes
{
    /// <summary>ETH_P_IP.</summary>
    public const ushort Ipv4 = 0x0800;

    /// <summary>ETH_P_ARP.</summary>
    public const ushort Arp = 0x0806;

    /// <summary>ETH_P_IPV6.</summary>
    public const ushort Ipv6 = 0x86dd;

    /// <summary>ETH_P_8021Q: a VLAN tag of two more bytes, and another number behind it.</summary>
    public const ushort Vlan = 0x8100;

    /// <summary>ETH_P_8021AD: the outer one of two tags.</summary>
    public const ushort ServiceVlan = 0x88a8;

    /// <summary>ETH_P_802_3_MIN: below it the field is a length.</summary>
    public const ushort Lowest = 0x0600;

    /// <summary>For example <c>IPv4</c>; the number where it has no name here.</summary>
    public static string Name(ushort number) => number switch
    {
        Ipv4 => "IPv4",
        Arp => "ARP",
        Ipv6 => "IPv6",
        Vlan => "802.1Q Virtual LAN",
        ServiceVlan => "802.1ad Provider Bridge",
        0x88cc => "LLDP",
        < Lowest => "802.3 length",
        _ => "Unknown",
    };
}
