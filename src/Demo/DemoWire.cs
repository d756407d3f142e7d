using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;

namespace Overlay.Demo;

/// <summary>A ping on the wire.</summary>
/// <param name="Outer"><c>172.16.0.5:8285 > 172.16.0.4:8285</c>; null where it is not encapsulated.</param>
/// <param name="Inner">Pod to pod, in tcpdump's words.</param>
/// <param name="UdpLength">The outer UDP length field; null where there is none.</param>
/// <param name="TimeToLive">The inner one.</param>
/// <param name="Size">What its bytes are spent on.</param>
/// <param name="Tree">Its headers, a line each field, outside in.</param>
internal sealed record DemoWire(
    string? Outer, string Inner, int? UdpLength, int TimeToLive, string Size, IReadOnlyList<string> Tree)
{
    // What the line above them has said, or what is the same in every packet.
    private static readonly string[] s_leftOut =
    [
        "Encapsulation type", "Arrival Time", "Epoch Time", "Frame ", "Capture Length", "[", "Destination", "Source",
        "0100 ....", "Differentiated", "Group Policy", "Reserved", "Identifier (LE)", "Sequence number (LE)",
    ];

    /// <summary>Of a packet as it was captured.</summary>
    internal static DemoWire Of(in DecodedPacket packet)
    {
        PacketHeaders outer = packet.Outer, pods = packet.HasInner ? packet.Inner : packet.Outer;
        var tree = new StringBuilder();
        PacketTree.Append(tree, packet, new PacketContext(1, 0));
        return new DemoWire(
            packet.HasInner
                ? $"{outer.Ipv4.Source}:{outer.SourcePort} > {outer.Ipv4.Destination}:{outer.DestinationPort}"
                : null,
            PacketLines.Of(pods),
            packet.HasInner ? outer.Udp.Length : null,
            pods.Ipv4.TimeToLive,
            PacketSizes.Line(packet),
            [.. tree.ToString().TrimEnd('\n').Split('\n').Where(IsShown)]);
    }

    private static bool IsShown(string line) => !line.StartsWith("     ", StringComparison.Ordinal)
        && (!line.StartsWith(' ')
            || !s_leftOut.Any(start => line.AsSpan().TrimStart().StartsWith(start, StringComparison.Ordinal)));
}
