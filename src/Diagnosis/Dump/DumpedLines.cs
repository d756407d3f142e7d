using System;
using System.IO;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Diagnosis.Decode;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Tapping;

namespace Overlay.Diagnosis.Dump;

/// <summary>What was captured, as text: the datagram with the packet inside, or the packet that became none.</summary>
/// <param name="output">Prints packets.</param>
/// <param name="text">The same, for what has no bytes.</param>
/// <param name="shown">Has the UDP ports, where the daemon does not say.</param>
internal sealed class DumpedLines(IPacketOutput output, TextWriter text, DecodeRequest shown) : IDumpOutput
{
    private static readonly CaptureInterface s_outer = new(LinkType.Ipv4);
    private static readonly CaptureInterface s_frames = new(LinkType.Ethernet);
    private static readonly CaptureInterface s_inner = new(LinkType.Raw);

    private PacketDecoder _decoder = new(shown.Port, shown.VxlanPort);
    private Encapsulated _sides = new(default);
    private long _count;

    /// <inheritdoc/>
    public void Begin(CaptureSummary summary)
    {
        ushort port = summary.Port ?? shown.Port;
        _decoder = new PacketDecoder(port, summary.VxlanPort ?? shown.VxlanPort);
        _sides = new Encapsulated(new TunnelEndpoint(EndpointText.Read(summary.Endpoint).Address ?? default, port));
    }

    /// <inheritdoc/>
    public void Take(TapRecord record, ReadOnlyMemory<byte> packet)
    {
        if (packet.IsEmpty)
        {
            _ = output.Flush();
            text.WriteLine(
                $"{record.Count} {(record.Count == 1 ? "packet" : "packets")} {Way(record)} {record.Peer} not "
                    + $"{(record.Direction == TapDirection.Outbound ? "sent" : "delivered")}: {record.Verdict.Name()}");
            return;
        }

        bool isCarried = record.Direction == TapDirection.Inbound || record.Verdict == DropReason.None;
        byte[] bytes = isCarried ? _sides.Datagram(record, packet.Span) : Encapsulated.Packet(record, packet.Span);
        Show(
            new CapturedPacket(
                bytes, record.Length + (isCarried ? Encapsulated.OuterBytes : 0), 0, record.Nanoseconds)
            {
                Direction = DirectionOf(record.Direction),
                PacketId = record.Id,
                Comment = record.Verdict == DropReason.None ? null : $"dropped: {record.Verdict.Name()}",
            },
            isCarried ? s_outer : s_inner);
    }

    /// <inheritdoc/>
    public void Take(CapturedPacket frame) => Show(frame, s_frames);

    /// <inheritdoc/>
    public bool Flush() => output.Flush();

    /// <inheritdoc/>
    public void End(CaptureSummary summary) => _ = output.Flush();

    /// <summary>The same as pcapng has it.</summary>
    internal static CaptureDirection DirectionOf(TapDirection direction) =>
        direction == TapDirection.Outbound ? CaptureDirection.Outbound : CaptureDirection.Inbound;

    private static string Way(TapRecord record) => record.Direction == TapDirection.Outbound ? "to" : "from";

    private void Show(in CapturedPacket packet, CaptureInterface source) => output.Take(
        packet, _decoder.Decode(source.LinkType, packet.Bytes, packet.WireLength), source, ++_count);
}
