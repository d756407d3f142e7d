using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Diagnosis.Decode;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Tapping;

namespace Overlay.Diagnosis.Dump;

/// <summary>
/// What was captured as pcapng: the packet at the tunnel's interface and its datagram at the underlay's, with one
/// number; drops with their reason; how many there were and how many were lost at the end.
/// </summary>
internal sealed class DumpedFile : IDumpOutput
{
    private readonly PcapngWriter _writer;
    private readonly bool _isStandard;
    private readonly CaptureRequest _request;
    private readonly TimeProvider _clock;
    private readonly DateTimeOffset _start;
    private readonly List<ulong> _received = [];
    private Encapsulated _sides = new(default);
    private CaptureSummary? _summary;
    private int _inner;
    private int _outer;
    private int? _frames;

    /// <param name="stream">Takes the file.</param>
    /// <param name="isStandard">Whether that is standard output.</param>
    /// <param name="request">What the daemon was asked for.</param>
    /// <param name="clock">Says when it begins and ends.</param>
    internal DumpedFile(Stream stream, bool isStandard, CaptureRequest request, TimeProvider clock)
    {
        _writer = CaptureFile.Begin(stream);
        (_isStandard, _request, _clock, _start) = (isStandard, request, clock, clock.GetUtcNow());
    }

    /// <inheritdoc/>
    public void Begin(CaptureSummary summary)
    {
        _summary = summary;
        _sides = new Encapsulated(new TunnelEndpoint(
            EndpointText.Read(summary.Endpoint).Address ?? default, summary.Port ?? PacketDecoder.DefaultPort));
        _inner = Add(LinkType.Raw, summary.Interface, "packets of pods, as they enter and leave the tunnel");
        _outer = Add(
            LinkType.Ipv4, "underlay",
            $"datagrams between hosts, {summary.Endpoint}; identification and UDP checksum are the kernel's and not "
                + "seen");
        _ = Flush();
    }

    /// <inheritdoc/>
    public void Take(TapRecord record, ReadOnlyMemory<byte> packet)
    {
        string? comment = record.Verdict == DropReason.None ? null : $"dropped: {record.Verdict.Name()}";
        bool hasInner = record.Direction == TapDirection.Outbound || record.Verdict == DropReason.None;
        bool hasOuter = record.Direction == TapDirection.Inbound || record.Verdict == DropReason.None;
        CapturedPacket Of(byte[] bytes, int length, int at) => new(bytes, length, at, record.Nanoseconds)
        {
            // Seen from the host: into the tunnel's interface goes what leaves by the underlay.
            Direction = DumpedLines.DirectionOf(record.Direction),
            PacketId = record.Id,
            Comment = comment,
            DropCount = record.Count > 1 ? (ulong)record.Count : 0,
        };
        CapturedPacket inner = Of(Encapsulated.Packet(record, packet.Span), record.Length, _inner);
        if (hasInner && record.Direction == TapDirection.Outbound)
        {
            Write(inner);
        }

        if (hasOuter)
        {
            Write(Of(_sides.Datagram(record, packet.Span), record.Length + Encapsulated.OuterBytes, _outer));
        }

        if (hasInner && record.Direction == TapDirection.Inbound)
        {
            Write(inner);
        }
    }

    /// <inheritdoc/>
    public void Take(CapturedPacket frame)
    {
        _frames ??= Add(LinkType.Ethernet, "underlay frames", "what the kernel forwards by itself");
        Write(frame with { Interface = _frames.Value });
    }

    /// <inheritdoc/>
    public bool Flush()
    {
        _writer.Flush();
        return !_isStandard || !StandardOutput.IsBroken();
    }

    /// <inheritdoc/>
    public void End(CaptureSummary summary)
    {
        if (_summary is null)
        {
            return;
        }

        (long start, long end) = (Nanoseconds(_start), Nanoseconds(_clock.GetUtcNow()));
        for (int i = 0; i < _received.Count; i++)
        {
            // What was lost was lost before anybody knew which way it went: it counts where it would have come first.
            long lost = i == (_frames ?? _inner) ? summary.Lost + summary.LostByKernel : 0;
            _writer.Write(new InterfaceStatistics(i, start, end, _received[i] + (ulong)lost, (ulong)lost));
        }

        _ = Flush();
    }

    private static long Nanoseconds(DateTimeOffset time) =>
        (time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    private int Add(LinkType type, string name, string description)
    {
        _received.Add(0);
        return _writer.Add(new CaptureInterface(
            type, SnapLength: 0, name, description, _request.Filter.Length > 0 ? _request.Filter : null));
    }

    private void Write(in CapturedPacket packet)
    {
        _received[packet.Interface]++;
        _writer.Write(packet);
    }
}
