using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>Makes neighbours and forwarding entries of RTM_NEWNEIGH (linux/neighbour.h).</summary>
/// <inheritdoc cref="RouteMessages"/>
internal static class NeighbourMessages
{
    /// <summary>Reads an IPv4 neighbour; null for another family or type, and where no address is known yet.</summary>
    internal static Neighbour? ParseNeighbour(NetlinkMessage message) =>
        Parse(message, (byte)LibC.AF_INET) is ({ } family, { } address, { } mac)
            ? new Neighbour(family.ndm_ifindex, address, mac, IsPermanent(family))
            : null;

    /// <summary>Reads an IPv4 neighbour that does not answer; null for any other.</summary>
    internal static FailedNeighbour? ParseFailedNeighbour(NetlinkMessage message) =>
        Parse(message, (byte)LibC.AF_INET) is ({ } family, { } address, _)
        && (family.ndm_state & Native.NUD_FAILED) != 0
            ? new FailedNeighbour(family.ndm_ifindex, address) : null;

    /// <summary>Reads a forwarding entry to an IPv4 host; null for another family or type, and for one of a
    /// bridge.</summary>
    internal static ForwardingEntry? ParseForwardingEntry(NetlinkMessage message) =>
        Parse(message, (byte)LibC.AF_BRIDGE) is ({ } family, { } destination, { } mac)
            ? new ForwardingEntry(family.ndm_ifindex, mac, destination, IsPermanent(family))
            : null;

    private static bool IsPermanent(ndmsg family) => (family.ndm_state & Native.NUD_PERMANENT) != 0;

    private static (ndmsg? Family, Ipv4Address? Address, MacAddress? Mac) Parse(NetlinkMessage message, byte wanted)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWNEIGH)
        {
            return default;
        }

        ndmsg family = message.Read<ndmsg>(out NetlinkAttributeReader attributes);
        if (family.ndm_family != wanted)
        {
            return default;
        }

        Ipv4Address? address = null;
        MacAddress? mac = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.NDA_DST when attribute.Value.Length == Ipv4Address.ByteCount:
                    address = attribute.AsIpv4();
                    break;
                case Native.NDA_LLADDR:
                    mac = RouteMessages.ParseMac(attribute);
                    break;
            }
        }

        return (family, address, mac);
    }
}
