using System.Collections.Generic;

namespace Overlay.Lab.Decoding;

/// <summary>What is between the UDP header and the inner IPv4 packet.</summary>
/// <param name="HeaderBytes">How long it is.</param>
/// <param name="Names">Its parts with their lengths, for a sum: <c> + vxlan 8 + eth 14</c>.</param>
/// <param name="Lines">The same for a tree.</param>
public sealed record Encapsulation(int HeaderBytes, string Names, IReadOnlyList<string> Lines)
{
    private const int VxlanHeaderBytes = 8; // RFC 7348, section 5

    /// <summary>Nothing: flannel's udp.</summary>
    public static Encapsulation Udp { get; } = new(0, "", []);

    /// <summary>A VXLAN header and the pod's Ethernet frame (RFC 7348).</summary>
    public static Encapsulation Vxlan { get; } = new(
        VxlanHeaderBytes + EthernetFields.HeaderBytes,
        $" + vxlan {VxlanHeaderBytes} + eth {EthernetFields.HeaderBytes}",
        ["Virtual eXtensible Local Area Network", "Ethernet II, of the pod's packet"]);
}
