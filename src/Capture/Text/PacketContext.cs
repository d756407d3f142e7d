using System;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Text;

/// <summary>What is known of a packet beside its bytes.</summary>
/// <param name="Number">Its place in the capture, from 1.</param>
/// <param name="Nanoseconds">When, since 1970-01-01 UTC.</param>
public readonly record struct PacketContext(long Number, long Nanoseconds)
{
    /// <summary>Which way it went; where nobody has said, the link header may.</summary>
    public CaptureDirection Direction { get; init; }

    /// <summary>The other host of the overlay; null where it is not known.</summary>
    public string? Peer { get; init; }

    /// <summary>Where it was captured; null where that is not known.</summary>
    public string? Interface { get; init; }

    /// <summary>What else there is to say: why it was dropped, for example; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>The same for every capture of one packet.</summary>
    public ulong? PacketId { get; init; }

    /// <summary>How long ago the echo request was that it answers; null where it answers none.</summary>
    public TimeSpan? RoundTrip { get; init; }
}
