using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>What the bytes of a packet are spent on.</summary>
public static class PacketSizes
{
    /// <summary><c>packet 126 B = eth 14 + ip 20 + udp 8 + inner 84   overhead 28 B</c>.</summary>
    /// <param name="packet">One with an IP header.</param>
    public static string Line(in DecodedPacket packet)
    {
        var text = new StringBuilder($"packet {packet.WireLength} B = ");
        if (packet.Link.IsEthernet)
        {
            text.Append($"eth {packet.Link.Bytes.Length} + ");
        }

        PacketHeaders outer = packet.Outer;
        int ip = outer.Packet.Length - outer.Message.Length;
        if (!packet.HasInner)
        {
            return text.Append($"ip {ip + outer.MessageLength}   overhead 0 B").ToString();
        }

        text.Append($"ip {ip} + udp {UdpHeader.HeaderBytes}");
        if (packet.Encapsulation == Encapsulation.Vxlan)
        {
            text.Append($" + vxlan {VxlanHeader.Length} + eth {packet.InnerLink.Bytes.Length}");
        }

        return text.Append($" + inner {ip + outer.MessageLength - packet.OverheadBytes}   ")
            .Append($"overhead {packet.OverheadBytes} B").ToString();
    }
}
