using System;
using Overlay.Capture.Packets;

namespace Overlay.Diagnosis.Trace;

/// <summary>A packet of the ping, seen at one place.</summary>
/// <param name="Point">Where.</param>
/// <param name="Way">Which packet.</param>
/// <param name="Sequence">Of the echo.</param>
/// <param name="Nanoseconds">When, since 1970-01-01 UTC, by CLOCK_REALTIME of this machine.</param>
/// <param name="IsOutgoing">Whether the interface sent it; otherwise it received it.</param>
/// <param name="Bytes">The frame, as far as it was kept.</param>
/// <param name="WireLength">Its length in bytes, the link header included.</param>
internal sealed record Sighting(
    TracePoint Point, TraceWay Way, ushort Sequence, long Nanoseconds, bool IsOutgoing, ReadOnlyMemory<byte> Bytes,
    int WireLength)
{
    /// <summary>Why the daemon has dropped it; null where it has not.</summary>
    internal string? Drop { get; init; }

    /// <summary>The host that the daemon sends it to or has it from; null of other places.</summary>
    internal string? Peer { get; init; }

    /// <summary>Its headers.</summary>
    /// <param name="decoder">Knows the overlay's port.</param>
    internal DecodedPacket Decode(PacketDecoder decoder) => decoder.Decode(Point.LinkType, Bytes, WireLength);
}
