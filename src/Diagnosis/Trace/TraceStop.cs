using System.Collections.Generic;
using Overlay.Capture.Packets;

namespace Overlay.Diagnosis.Trace;

/// <summary>A packet at one stop of its way.</summary>
/// <param name="Number">From 1, there and back.</param>
/// <param name="Seen">What was seen.</param>
/// <param name="Packet">Its headers.</param>
/// <param name="Nanoseconds">Since the stop before; 0 of the first. Two clocks of the kernel and the daemon may differ
/// by some, so it may be less than 0.</param>
internal sealed record TraceStop(int Number, Sighting Seen, DecodedPacket Packet, long Nanoseconds)
{
    /// <summary>What stands out here, in words for people: another source, a drop. Not masked.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The ping's own headers: the inner ones where it is carried.</summary>
    internal PacketHeaders Headers => Packet.HasInner ? Packet.Inner : Packet.Outer;

    /// <summary>Microseconds since the stop before.</summary>
    internal double Microseconds => Nanoseconds / 1000.0;
}
