namespace Overlay.Capture.Packets;

/// <summary>Which way a packet went, seen from the host that captured it; the numbers are those of pcapng's
/// epb_flags.</summary>
public enum CaptureDirection
{
    /// <summary>Nobody has said.</summary>
    Unknown = 0,

    /// <summary>The host received it.</summary>
    Inbound = 1,

    /// <summary>The host sent it.</summary>
    Outbound = 2,
}
