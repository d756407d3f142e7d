using Overlay.Capture.Filters;

namespace Overlay.Diagnosis.Decode;

/// <summary>What decode was asked for.</summary>
/// <param name="File">A path, or <see cref="Standard"/>.</param>
/// <param name="Filter">Which packets are shown.</param>
internal sealed record DecodeRequest(string File, PacketFilter Filter)
{
    /// <summary>In place of a path: standard input or output.</summary>
    internal const string Standard = "-";

    /// <summary>The filter's words, for the file that is written; null for none.</summary>
    internal string? FilterText { get; init; }

    /// <summary>How each packet is shown.</summary>
    internal DecodeForm Form { get; init; }

    /// <summary>Whether the bytes are shown as well.</summary>
    internal bool ShowsBytes { get; init; }

    /// <summary>Whether their characters stand beside them.</summary>
    internal bool ShowsAscii { get; init; }

    /// <summary>Whether hardware addresses are shown, and the bytes begin with them.</summary>
    internal bool ShowsLink { get; init; }

    /// <summary>Where the packets are written to in place of being shown; null for nowhere.</summary>
    internal string? Write { get; init; }

    /// <summary>The overlay's UDP port.</summary>
    internal ushort Port { get; init; }

    /// <summary>A UDP port of VXLAN beside Linux' and IANA's; null for none.</summary>
    internal ushort? VxlanPort { get; init; }

    /// <summary>After how many packets shown it ends; null for never.</summary>
    internal int? Count { get; init; }
}
