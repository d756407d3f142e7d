using Overlay.Capture.Packets;

namespace Overlay.Capture.Filters;

/// <summary>What a filter is asked about.</summary>
/// <param name="Outer">The outer headers, or the only ones.</param>
/// <param name="Inner">Those of the packet inside; the default value where none is.</param>
public readonly record struct FilterSubject(HeaderFacts Outer, HeaderFacts Inner)
{
    /// <summary>A decoded packet; of a train the one that is being looked at.</summary>
    public static FilterSubject Of(in DecodedPacket packet) =>
        new(HeaderFacts.Of(packet.Outer), packet.HasInner ? HeaderFacts.Of(packet.Inner) : default);
}
