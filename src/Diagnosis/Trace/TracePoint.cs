using Overlay.Capture.Packets;

namespace Overlay.Diagnosis.Trace;

/// <summary>A place where packets are looked at.</summary>
/// <param name="Host">How people know the host: its underlay address, or <c>this host</c>.</param>
/// <param name="IsOwnHost">Whether it is the host that the trace runs on.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The interface's name; the daemon's program. Not masked.</param>
/// <param name="LinkType">What a frame begins with here.</param>
internal sealed record TracePoint(string Host, bool IsOwnHost, StopKind Kind, string Device, LinkType LinkType)
{
    private const int Kinds = (int)StopKind.Underlay + 1;

    /// <summary>Its place on a request's way, from 0: out of this host from pod to wire, into the other in reverse.
    /// </summary>
    internal int Position => IsOwnHost ? (int)Kind : (2 * Kinds) - 1 - (int)Kind;

    /// <summary>The kind and the interface in words.</summary>
    public override string ToString() =>
        $"{TraceText.Word(Kind)} {Device} of {Host}{(IsOwnHost && Host != TraceText.OwnHost ? " (this host)" : "")}";
}
