using System.Collections.Generic;

namespace Overlay.Control;

/// <summary>One direction's counters.</summary>
/// <param name="Packets">Forwarded.</param>
/// <param name="Bytes">Forwarded, of inner packets.</param>
/// <param name="Drops">Packets dropped, by reason; only what is not zero.</param>
/// <param name="Events">What else is counted, by name; only what is not zero.</param>
/// <param name="LastRefusal">The latest errno that cost a packet, in words; null for none.</param>
/// <param name="Batches">How many batches of a packet thread have forwarded 1 packet, 2, up to 4, up to 8 and so on;
/// the last number is of all larger ones. Null where there are no packet threads.</param>
/// <param name="BatchedPackets">The packets of all these batches.</param>
public sealed record DirectionReport(
    long Packets,
    long Bytes,
    IReadOnlyDictionary<string, long> Drops,
    IReadOnlyDictionary<string, long> Events,
    string? LastRefusal = null,
    IReadOnlyList<long>? Batches = null,
    long? BatchedPackets = null);
