using System;
using System.Buffers.Binary;
using System.IO;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

/// <summary>A vxlan link's part of RTM_NEWLINK: IFLA_LINKINFO (linux/if_link.h).</summary>
/// <inheritdoc cref="RouteMessages"/>
internal static class VxlanMessages
{
    /// <summary>IFLA_INFO_KIND.</summary>
    internal const string Kind = "vxlan";

    /// <summary>Appends IFLA_LINKINFO.</summary>
    internal static void Write(ref NetlinkMessageWriter request, VxlanSettings settings)
    {
        int info = request.BeginNested(Native.IFLA_LINKINFO);
        request.WriteStringAttribute(Native.IFLA_INFO_KIND, Kind);
        int data = request.BeginNested(Native.IFLA_INFO_DATA);
        request.WriteAttribute(Native.IFLA_VXLAN_ID, settings.Vni);
        if (settings.ParentIndex is { } parent)
        {
            request.WriteAttribute(Native.IFLA_VXLAN_LINK, (uint)parent);
        }

        if (settings.Local is { } local)
        {
            request.WriteIpv4Attribute(Native.IFLA_VXLAN_LOCAL, local);
        }

        if (settings.Group is { } group)
        {
            request.WriteIpv4Attribute(Native.IFLA_VXLAN_GROUP, group);
        }

        // Without the attribute the kernel learns.
        request.WriteAttribute(Native.IFLA_VXLAN_LEARNING, [(byte)(settings.IsLearning ? 1 : 0)]);
        request.WriteAttribute(Native.IFLA_VXLAN_L2MISS, [(byte)(settings.ReportsMisses ? 1 : 0)]);
        if (settings.Port is { } port)
        {
            Span<byte> inNetworkOrder = stackalloc byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(inNetworkOrder, port);
            request.WriteAttribute(Native.IFLA_VXLAN_PORT, inNetworkOrder);
        }

        if (settings.HasGroupPolicy)
        {
            request.WriteAttribute(Native.IFLA_VXLAN_GBP, ReadOnlySpan<byte>.Empty); // a flag: there or not
        }

        request.EndNested(data);
        request.EndNested(info);
    }

    /// <summary>Reads IFLA_LINKINFO of a vxlan link.</summary>
    internal static VxlanSettings Parse(NetlinkAttributeReader info)
    {
        var settings = new VxlanSettings(0);
        while (info.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute.Type == Native.IFLA_INFO_DATA)
            {
                settings = ParseData(attribute.AsNested());
            }
        }

        return settings;
    }

    private static VxlanSettings ParseData(NetlinkAttributeReader data)
    {
        var settings = new VxlanSettings(0);
        while (data.TryRead(out NetlinkAttribute attribute))
        {
            settings = attribute.Type switch
            {
                Native.IFLA_VXLAN_ID => settings with { Vni = attribute.AsUInt32() },
                Native.IFLA_VXLAN_LINK when attribute.AsUInt32() is var index and not 0 =>
                    settings with { ParentIndex = (int)index },
                Native.IFLA_VXLAN_LOCAL => settings with { Local = ParseAddress(attribute) },
                Native.IFLA_VXLAN_GROUP => settings with { Group = ParseAddress(attribute) },
                Native.IFLA_VXLAN_LEARNING => settings with { IsLearning = ParseSwitch(attribute) },
                Native.IFLA_VXLAN_L2MISS => settings with { ReportsMisses = ParseSwitch(attribute) },
                Native.IFLA_VXLAN_PORT => settings with { Port = ParsePort(attribute) },
                Native.IFLA_VXLAN_GBP => settings with { HasGroupPolicy = true },
                _ => settings,
            };
        }

        return settings;
    }

    private static Ipv4Address? ParseAddress(NetlinkAttribute attribute) =>
        attribute.AsIpv4() is var address && address.IsUnspecified ? null : address;

    private static bool ParseSwitch(NetlinkAttribute attribute) => attribute.As<byte>() != 0;

    private static ushort ParsePort(NetlinkAttribute attribute) => attribute.Value.Length == sizeof(ushort)
        ? BinaryPrimitives.ReadUInt16BigEndian(attribute.Value)
        : throw new InvalidDataException($"a vxlan port of {attribute.Value.Length} bytes");
}
