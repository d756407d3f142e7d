using System;
using Overlay.Net;
using Overlay.Router.Counters;

namespace Overlay.Router.Tapping;

/// <summary>A packet that a filter is asked about. Borrowed until the answer.</summary>
/// <param name="direction">Which way it goes.</param>
/// <param name="verdict">What was decided about it.</param>
/// <param name="peer">The other host; 0.0.0.0 where none was found.</param>
/// <param name="head">The packet's first bytes, its headers at least as far as it has them.</param>
public readonly ref struct TappedPacket(
    TapDirection direction, DropReason verdict, Ipv4Address peer, ReadOnlySpan<byte> head)
{
    /// <summary>Which way it goes.</summary>
    public TapDirection Direction { get; } = direction;

    /// <summary>What was decided about it.</summary>
    public DropReason Verdict { get; } = verdict;

    /// <summary>The other host; 0.0.0.0 where none was found.</summary>
    public Ipv4Address Peer { get; } = peer;

    /// <summary>The packet's first bytes.</summary>
    public ReadOnlySpan<byte> Head { get; } = head;
}
