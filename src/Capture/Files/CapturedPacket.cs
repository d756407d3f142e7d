using System;
using Overlay.Capture.Packets;

namespace Overlay.Capture.Files;

/// <summary>One packet of a capture file.</summary>
/// <param name="Bytes">What was kept of it. Borrowed: valid until the next read.</param>
/// <param name="WireLength">How long it was, at least as long as <paramref name="Bytes"/>.</param>
/// <param name="Interface">The index of its interface in the file, 0 or more.</param>
/// <param name="Nanoseconds">When, since 1970-01-01 UTC; 0 where the file does not say.</param>
public readonly record struct CapturedPacket(
    ReadOnlyMemory<byte> Bytes, int WireLength, int Interface, long Nanoseconds)
{
    /// <summary>Which way it went.</summary>
    public CaptureDirection Direction { get; init; }

    /// <summary>The same for every capture of one packet, before and behind an encapsulation.</summary>
    public ulong? PacketId { get; init; }

    /// <summary>How many were lost between the packet before on the same interface and this one.</summary>
    public ulong DropCount { get; init; }

    /// <summary>What somebody has said about it. Not masked.</summary>
    public string? Comment { get; init; }
}
