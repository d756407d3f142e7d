using System;
using System.Buffers.Binary;
using System.Text;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>TCP headers in tcpdump's words. Numbers are absolute: no connection is followed.</summary>
internal static class TcpText
{
    private const byte End = 0, NoOperation = 1, MaximumSegment = 2, WindowScale = 3, SackPermitted = 4, Sack = 5;
    private const byte Timestamps = 8;

    // FIN 0x01 to CWR 0x80 (RFC 9293, section 3.1); tcpdump shows ACK as a point at the end of the others.
    private static readonly (byte Bit, char Letter, string Name)[] s_flags =
    [
        (0x01, 'F', "FIN"), (0x02, 'S', "SYN"), (0x04, 'R', "RST"), (0x08, 'P', "PSH"), (0x10, '.', "ACK"),
        (0x20, 'U', "URG"), (0x40, 'E', "ECE"), (0x80, 'W', "CWR"),
    ];

    /// <summary><c>Flags [P.], seq 1:101, ack 1, win 502, options [nop,nop,TS val 1 ecr 2]</c>.</summary>
    internal static void AppendLine(StringBuilder text, TcpHeader tcp, int payloadLength)
    {
        text.Append("Flags [");
        int before = text.Length;
        foreach ((byte bit, char letter, _) in s_flags)
        {
            if ((tcp.Flags & bit) != 0)
            {
                text.Append(letter);
            }
        }

        text.Append(text.Length == before ? "none]" : "]");
        const byte SynFinRst = 0x07, Ack = 0x10, Urg = 0x20;
        if (payloadLength > 0)
        {
            text.Append($", seq {tcp.Sequence}:{unchecked(tcp.Sequence + (uint)payloadLength)}");
        }
        else if ((tcp.Flags & SynFinRst) != 0)
        {
            text.Append($", seq {tcp.Sequence}");
        }

        if ((tcp.Flags & Ack) != 0)
        {
            text.Append($", ack {tcp.Acknowledgment}");
        }

        text.Append($", win {tcp.Window}");
        if ((tcp.Flags & Urg) != 0)
        {
            text.Append($", urg {tcp.Urgent}");
        }

        if (!tcp.Options.IsEmpty)
        {
            text.Append(", options [");
            AppendOptions(text, tcp.Options);
            text.Append(']');
        }
    }

    /// <summary><c>SYN, ACK</c>.</summary>
    internal static string Names(byte flags)
    {
        var text = new StringBuilder();
        foreach ((byte bit, _, string name) in s_flags)
        {
            if ((flags & bit) != 0)
            {
                text.Append(text.Length > 0 ? ", " : "").Append(name);
            }
        }

        return text.Length > 0 ? text.ToString() : "none";
    }

    /// <summary><c>mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7</c>.</summary>
    /// <param name="text">Takes it.</param>
    /// <param name="options">0 to 40 bytes, whatever they are.</param>
    internal static void AppendOptions(StringBuilder text, ReadOnlySpan<byte> options)
    {
        bool isFirst = true;
        while (!options.IsEmpty)
        {
            byte kind = options[0];
            text.Append(isFirst ? "" : ",");
            isFirst = false;
            if (kind is End or NoOperation)
            {
                text.Append(kind == End ? "eol" : "nop");
                options = kind == End ? default : options[1..];
                continue;
            }

            int length = options.Length > 1 ? options[1] : 0;
            if (length < 2 || length > options.Length)
            {
                text.Append($"bad option {kind}");
                return;
            }

            AppendOption(text, kind, options[2..length]);
            options = options[length..];
        }
    }

    private static void AppendOption(StringBuilder text, byte kind, ReadOnlySpan<byte> value)
    {
        switch (kind, value.Length)
        {
            case (MaximumSegment, 2):
                text.Append($"mss {BinaryPrimitives.ReadUInt16BigEndian(value)}");
                break;
            case (WindowScale, 1):
                text.Append($"wscale {value[0]}");
                break;
            case (SackPermitted, 0):
                text.Append("sackOK");
                break;
            case (Timestamps, 8):
                text.Append($"TS val {BinaryPrimitives.ReadUInt32BigEndian(value)} ecr ")
                    .Append(BinaryPrimitives.ReadUInt32BigEndian(value[4..]));
                break;
            case (Sack, > 0) when value.Length % 8 == 0:
                text.Append($"sack {value.Length / 8} ");
                for (; !value.IsEmpty; value = value[8..])
                {
                    text.Append($"{{{BinaryPrimitives.ReadUInt32BigEndian(value)}:")
                        .Append(BinaryPrimitives.ReadUInt32BigEndian(value[4..])).Append('}');
                }

                break;
            default:
                text.Append($"option {kind}");
                break;
        }
    }
}
