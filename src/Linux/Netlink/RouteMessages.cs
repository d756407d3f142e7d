using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>Makes links, addresses and routes of rtnetlink messages (rtnetlink(7)).</summary>
/// <remarks>
/// Each throws <see cref="InvalidDataException"/> on a malformed message; attributes it does not know are skipped.
/// </remarks>
internal static class RouteMessages
{
    /// <summary>Reads RTM_NEWLINK; null for another type.</summary>
    internal static Link? ParseLink(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWLINK)
        {
            return null;
        }

        ifinfomsg family = message.Read<ifinfomsg>(out NetlinkAttributeReader attributes);
        string name = "";
        string? kind = null;
        MacAddress? mac = null;
        VxlanSettings? vxlan = null;
        int mtu = 0, transmitQueueLength = 0;
        int? master = null, peer = null, peerNamespace = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.IFLA_IFNAME:
                    name = attribute.AsString();
                    break;
                case Native.IFLA_MTU:
                    mtu = (int)attribute.AsUInt32();
                    break;
                case Native.IFLA_TXQLEN:
                    transmitQueueLength = (int)attribute.AsUInt32();
                    break;
                case Native.IFLA_ADDRESS:
                    mac = ParseMac(attribute);
                    break;
                case Native.IFLA_MASTER:
                    master = (int)attribute.AsUInt32();
                    break;
                case Native.IFLA_LINK:
                    peer = (int)attribute.AsUInt32();
                    break;
                case Native.IFLA_LINK_NETNSID:
                    peerNamespace = (int)attribute.AsUInt32();
                    break;
                case Native.IFLA_LINKINFO:
                    kind = ParseKind(attribute.AsNested());
                    vxlan = kind == VxlanMessages.Kind ? VxlanMessages.Parse(attribute.AsNested()) : null;
                    break;
            }
        }

        return new Link(family.ifi_index, name, mtu, transmitQueueLength, (LinkFlags)family.ifi_flags, kind)
        {
            Mac = mac,
            MasterIndex = master,
            PeerIndex = peer,
            PeerNamespaceId = peerNamespace,
            Vxlan = vxlan,
        };
    }

    /// <summary>Reads the counters of RTM_NEWLINK; null for another type, and where there are none.</summary>
    internal static LinkStatistics? ParseStatistics(NetlinkMessage message)
    {
        if (message.Header.nlmsg_type != Native.RTM_NEWLINK)
        {
            return null;
        }

        _ = message.Read<ifinfomsg>(out NetlinkAttributeReader attributes);
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute.Type == Native.IFLA_STATS64)
            {
                rtnl_link_stats64 counters = attribute.As<rtnl_link_stats64>();
                return new LinkStatistics(
                    counters.rx_packets, counters.tx_packets, counters.rx_bytes, counters.tx_bytes,
                    counters.rx_dropped, counters.tx_dropped);
            }
        }

        return null;
    }

    /// <summary>Reads RTM_NEWADDR; null for another type, and for another family than IPv4.</summary>
    internal static InterfaceAddress? ParseAddress(NetlinkMessage message) =>
        message.Header.nlmsg_type == Native.RTM_NEWADDR ? ParseAnyAddress(message) : null;

    /// <summary>Reads RTM_NEWADDR or RTM_DELADDR; null for another family than IPv4.</summary>
    internal static InterfaceAddress? ParseAnyAddress(NetlinkMessage message)
    {
        ifaddrmsg family = message.Read<ifaddrmsg>(out NetlinkAttributeReader attributes);
        if (family.ifa_family != LibC.AF_INET)
        {
            return null;
        }

        Ipv4Address? local = null, prefixAddress = null;
        uint flags = family.ifa_flags; // the low 8 bits; IFA_FLAGS has them all
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.IFA_LOCAL:
                    local = attribute.AsIpv4();
                    break;
                case Native.IFA_ADDRESS: // on a point-to-point link the neighbour's
                    prefixAddress = attribute.AsIpv4();
                    break;
                case Native.IFA_FLAGS:
                    flags = attribute.AsUInt32();
                    break;
            }
        }

        Ipv4Address address = local ?? prefixAddress
            ?? throw new InvalidDataException("an address message without an address");
        return new InterfaceAddress(
            (int)family.ifa_index,
            new Ipv4Prefix(address, CheckedPrefixLength(family.ifa_prefixlen)),
            (AddressScope)family.ifa_scope,
            (AddressFlags)flags);
    }

    /// <summary>Reads RTM_NEWROUTE; null for another type, family or table, and for a cached route.</summary>
    internal static Ipv4Route? ParseMainRoute(NetlinkMessage message) =>
        message.Header.nlmsg_type == Native.RTM_NEWROUTE ? ParseAnyMainRoute(message) : null;

    /// <summary>Reads RTM_NEWROUTE or RTM_DELROUTE; null for another family or table, and for a cached
    /// route.</summary>
    internal static Ipv4Route? ParseAnyMainRoute(NetlinkMessage message)
    {
        rtmsg family = message.Read<rtmsg>(out NetlinkAttributeReader attributes);
        if (family.rtm_family != LibC.AF_INET || (family.rtm_flags & Native.RTM_F_CLONED) != 0)
        {
            return null;
        }

        Ipv4Address destination = default;
        uint metric = 0;
        uint table = family.rtm_table; // RTA_TABLE has tables above 255
        Ipv4Address? gateway = null;
        int? interfaceIndex = null;
        List<NextHop>? hops = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case Native.RTA_DST:
                    destination = attribute.AsIpv4();
                    break;
                case Native.RTA_OIF:
                    interfaceIndex = (int)attribute.AsUInt32();
                    break;
                case Native.RTA_GATEWAY:
                    gateway = attribute.AsIpv4();
                    break;
                case Native.RTA_PRIORITY:
                    metric = attribute.AsUInt32();
                    break;
                case Native.RTA_MULTIPATH:
                    hops = ParseHops(attribute.Value);
                    break;
                case Native.RTA_TABLE:
                    table = attribute.AsUInt32();
                    break;
            }
        }

        return table == Native.RT_TABLE_MAIN
            ? new Ipv4Route(
                new Ipv4Prefix(destination, CheckedPrefixLength(family.rtm_dst_len)),
                hops is null ? gateway : null,
                hops is null ? interfaceIndex : null,
                metric)
            {
                Hops = (IReadOnlyList<NextHop>?)hops ?? [],
                Protocol = family.rtm_protocol,
                IsBlackhole = family.rtm_type == Native.RTN_BLACKHOLE,
                IsOnLink = hops is null && (family.rtm_flags & Native.RTNH_F_ONLINK) != 0,
            }
            : null;
    }

    // Each hop's structure says how long it is with its attributes (rtnetlink(7), RTA_MULTIPATH).
    private static List<NextHop> ParseHops(ReadOnlySpan<byte> value)
    {
        List<NextHop> hops = [];
        while (MemoryMarshal.TryRead(value, out rtnexthop hop))
        {
            int length = hop.rtnh_len;
            if (length < Unsafe.SizeOf<rtnexthop>() || length > value.Length)
            {
                throw new InvalidDataException($"a next hop claims {length} bytes; the route has {value.Length} left");
            }

            Ipv4Address? gateway = null;
            var attributes = new NetlinkAttributeReader(value[Unsafe.SizeOf<rtnexthop>()..length]);
            while (attributes.TryRead(out NetlinkAttribute attribute))
            {
                gateway = attribute.Type == Native.RTA_GATEWAY ? attribute.AsIpv4() : gateway;
            }

            hops.Add(new NextHop(hop.rtnh_ifindex, gateway));
            value = value[Math.Min(NetlinkAlignment.RoundUp(length), value.Length)..];
        }

        return hops;
    }

    private static string? ParseKind(NetlinkAttributeReader attributes)
    {
        string? kind = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute.Type == Native.IFLA_INFO_KIND)
            {
                kind = attribute.AsString();
            }
        }

        return kind;
    }

    /// <summary>A link-layer address; null when it is no Ethernet address.</summary>
    internal static MacAddress? ParseMac(NetlinkAttribute attribute) =>
        attribute.Value.Length == MacAddress.ByteCount ? MacAddress.Read(attribute.Value) : null;

    /// <summary>A length of 0 to 32.</summary>
    internal static int CheckedPrefixLength(byte length) => length <= 32
        ? length
        : throw new InvalidDataException($"IPv4 prefix length of {length}");
}
