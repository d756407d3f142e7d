using System.Text.Json;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>A packet as a JSON object.</summary>
public static class PacketJson
{
    /// <summary>Writes the object.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="packet">The packet; <c>inner</c> is an array, for a train has more than one.</param>
    /// <param name="context">What is known beside it.</param>
    public static void Write(Utf8JsonWriter json, in DecodedPacket packet, in PacketContext context)
    {
        json.WriteStartObject();
        WriteContext(json, packet, context);
        WriteLink(json, "link", packet.Link);
        WriteHeaders(json, "outer", packet.Outer);
        if (packet.Encapsulation != Encapsulation.None)
        {
            json.WriteString("encapsulation", packet.Encapsulation switch
            {
                Encapsulation.Udp => "udp",
                Encapsulation.Vxlan => "vxlan",
                _ => "probe",
            });
        }

        if (packet.Encapsulation == Encapsulation.Vxlan)
        {
            json.WriteNumber("vni", packet.Vxlan.Vni);
            WriteLink(json, "innerLink", packet.InnerLink);
        }

        if (packet.HasInner)
        {
            json.WriteStartArray("inner");
            DecodedPacket each = packet;
            do
            {
                WriteHeaders(json, null, each.Inner);
            }
            while (PacketDecoder.TryNextOfTrain(ref each));
            json.WriteEndArray();
        }

        PacketFault fault = packet.Fault;
        if (fault != PacketFault.None)
        {
            json.WriteString("fault", fault.Words());
            json.WriteBoolean("malformed", fault.IsMalformed());
        }

        json.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter json, in DecodedPacket packet, in PacketContext context)
    {
        json.WriteNumber("number", context.Number);
        json.WriteString("time", PacketTime.Rfc3339(context.Nanoseconds));
        WriteText(json, "interface", context.Interface);
        CaptureDirection direction =
            context.Direction != CaptureDirection.Unknown ? context.Direction : packet.Link.Direction;
        WriteText(json, "direction", direction switch
        {
            CaptureDirection.Outbound => "out",
            CaptureDirection.Inbound => "in",
            _ => null,
        });
        WriteText(json, "peer", context.Peer);
        WriteText(json, "note", context.Note);
        if (context.PacketId is { } identifier)
        {
            json.WriteNumber("packetId", identifier);
        }

        if (context.RoundTrip is { } time)
        {
            json.WriteNumber("roundTripMs", time.TotalMilliseconds);
        }

        json.WriteNumber("wireBytes", packet.WireLength);
        json.WriteNumber("capturedBytes", packet.Bytes.Length);
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteLink(Utf8JsonWriter json, string name, in LinkHeader link)
    {
        if (!link.IsEthernet)
        {
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("source", link.Source.ToString());
        json.WriteString("destination", link.Destination.ToString());
        json.WriteNumber("etherType", link.EtherType);
        if (link.VlanCount > 0)
        {
            json.WriteStartArray("vlans");
            for (int i = 0; i < link.VlanCount; i++)
            {
                json.WriteNumberValue(link.VlanId(i));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteHeaders(Utf8JsonWriter json, string? name, in PacketHeaders headers)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }

        switch (headers.Network)
        {
            case NetworkKind.Ipv4:
                WriteIpv4(json, headers);
                break;
            case NetworkKind.Ipv6:
                json.WriteString("source", headers.Ipv6.Source.ToString());
                json.WriteString("destination", headers.Ipv6.Destination.ToString());
                json.WriteNumber("hopLimit", headers.Ipv6.HopLimit);
                json.WriteNumber("protocol", headers.Protocol);
                break;
            case NetworkKind.Arp:
                json.WriteNumber("operation", headers.Arp.Operation);
                json.WriteString("sender", headers.Arp.Sender.ToString());
                json.WriteString("target", headers.Arp.Target.ToString());
                break;
        }

        WriteTransport(json, headers);
        json.WriteEndObject();
    }

    private static void WriteIpv4(Utf8JsonWriter json, in PacketHeaders headers)
    {
        Ipv4Header ip = headers.Ipv4;
        json.WriteString("source", ip.Source.ToString());
        json.WriteString("destination", ip.Destination.ToString());
        json.WriteNumber("totalLength", ip.TotalLength);
        json.WriteNumber("identification", ip.Identification);
        json.WriteBoolean("dontFragment", ip.DontFragment);
        json.WriteBoolean("moreFragments", ip.MoreFragments);
        json.WriteNumber("fragmentOffset", ip.FragmentOffset);
        json.WriteNumber("ttl", ip.TimeToLive);
        json.WriteNumber("protocol", ip.Protocol);
        json.WriteString("headerChecksum", ChecksumText.Name(ip.ChecksumState));
    }

    private static void WriteTransport(Utf8JsonWriter json, in PacketHeaders headers)
    {
        if (headers.HasPorts)
        {
            json.WriteNumber("sourcePort", headers.SourcePort);
            json.WriteNumber("destinationPort", headers.DestinationPort);
        }

        switch (headers.Transport)
        {
            case TransportKind.Udp:
                json.WriteNumber("udpLength", headers.Udp.Length);
                break;
            case TransportKind.Tcp:
                json.WriteString("tcpFlags", TcpText.Names(headers.Tcp.Flags));
                json.WriteNumber("sequence", headers.Tcp.Sequence);
                json.WriteNumber("acknowledgment", headers.Tcp.Acknowledgment);
                json.WriteNumber("window", headers.Tcp.Window);
                break;
            case TransportKind.Icmp or TransportKind.Icmp6:
                json.WriteNumber("icmpType", headers.Icmp.Type);
                json.WriteNumber("icmpCode", headers.Icmp.Code);
                if (headers.Transport == TransportKind.Icmp && headers.Icmp.IsEcho)
                {
                    json.WriteNumber("identifier", headers.Icmp.Identifier);
                    json.WriteNumber("sequence", headers.Icmp.Sequence);
                }

                break;
        }

        if (headers.TransportChecksum is not ChecksumState.None and var state)
        {
            json.WriteString("checksum", ChecksumText.Name(state));
        }
    }
}
