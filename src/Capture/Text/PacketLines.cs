using System;
using System.Globalization;
using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>A packet in one line, or in two with a packet inside: outer headers, and the inner ones below.</summary>
/// <remarks>
/// Nothing in the lines is masked but what comes of the packet itself, which is numbers only: whoever prints them masks
/// what others have put into peers' names, interfaces and notes.
/// </remarks>
public static class PacketLines
{
    private const string InnerLabel = "inner", Gap = "  ";
    private const int TimeWidth = 15; // 15:47:23.058527

    /// <summary>Appends the lines; each ends with a line feed.</summary>
    /// <param name="text">Takes them.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="context">What is known beside it.</param>
    /// <param name="options">How it is shown.</param>
    public static void Append(
        StringBuilder text, in DecodedPacket packet, in PacketContext context, TextOptions options)
    {
        text.Append(PacketTime.OfDay(context.Nanoseconds, options.Zone)).Append(' ');
        CaptureDirection direction =
            context.Direction != CaptureDirection.Unknown ? context.Direction : packet.Link.Direction;
        if (direction != CaptureDirection.Unknown)
        {
            text.Append(direction == CaptureDirection.Outbound ? options.Outbound : options.Inbound).Append(' ');
        }

        int width = Math.Max(context.Peer?.Length ?? 0, InnerLabel.Length);
        if (context.Peer is { } peer)
        {
            text.Append(peer.PadRight(width)).Append(Gap);
        }

        if (options.ShowsLink && packet.Link.IsEthernet)
        {
            AppendLink(text, packet.Link);
        }

        AppendOuter(text, packet);
        if (!packet.HasInner)
        {
            AppendEnd(text, context);
            return;
        }

        text.Append('\n');
        AppendInner(text, packet, context, options, width);
    }

    /// <summary>tcpdump's line for the headers of one packet: <c>10.244.1.14 > 10.244.0.6: ICMP echo request, …</c>.
    /// </summary>
    /// <param name="headers">Those of an IP packet.</param>
    public static string Of(in PacketHeaders headers)
    {
        var text = new StringBuilder();
        HeaderLine.AppendPacket(text, headers);
        return text.ToString();
    }

    private static void AppendOuter(StringBuilder text, in DecodedPacket packet)
    {
        if (packet.Encapsulation != Encapsulation.None)
        {
            HeaderLine.AppendCarrier(text, packet);
        }
        else if (packet.OwnFault is PacketFault.UnknownLink or PacketFault.LinkHeaderMissing or PacketFault.Cut
            && packet.Link.Bytes.IsEmpty && packet.Outer.Network == NetworkKind.None)
        {
            text.Append($"link type {(int)packet.Link.Type}, length {packet.WireLength}: {packet.OwnFault.Words()}");
        }
        else if (packet.Outer is { Network: NetworkKind.None, Fault: PacketFault.None })
        {
            text.Append(
                $"ethertype {EtherTypes.Name(packet.Link.EtherType)} (0x{packet.Link.EtherType:x4}), length "
                    + $"{packet.WireLength}");
        }
        else
        {
            HeaderLine.Append(text, packet.Outer);
            if (packet.OwnFault.IsMalformed())
            {
                text.Append($", malformed: {packet.OwnFault.Words()}");
            }
        }
    }

    // Each packet of a train has a line.
    private static void AppendInner(
        StringBuilder text, in DecodedPacket packet, in PacketContext context, TextOptions options, int width)
    {
        DecodedPacket each = packet;
        bool goesOn;
        do
        {
            text.Append(' ', TimeWidth + 1).Append(options.Inside).Append(' ');
            text.Append(context.Peer is null ? InnerLabel : InnerLabel.PadRight(width))
                .Append(context.Peer is null ? " " : Gap);
            if (options.ShowsLink && each.InnerLink.IsEthernet)
            {
                AppendLink(text, each.InnerLink);
            }

            HeaderLine.Append(text, each.Inner);
            goesOn = PacketDecoder.TryNextOfTrain(ref each);
            if (goesOn)
            {
                text.Append('\n');
            }
        }
        while (goesOn);

        AppendEnd(text, context);
    }

    private static void AppendLink(StringBuilder text, in LinkHeader link)
    {
        text.Append($"{link.Source} > {link.Destination}, ");
        for (int i = 0; i < link.VlanCount; i++)
        {
            text.Append($"vlan {link.VlanId(i)}, ");
        }
    }

    private static void AppendEnd(StringBuilder text, in PacketContext context)
    {
        if (context.RoundTrip is { } time)
        {
            text.Append(CultureInfo.InvariantCulture, $"   rtt {time.TotalMilliseconds:0.000} ms");
        }

        if (context.Note is { } note)
        {
            text.Append($"   {note}");
        }

        text.Append('\n');
    }
}
