namespace Overlay.Capture.Packets;

/// <summary>What an observer can say about a checksum.</summary>
public enum ChecksumState
{
    /// <summary>There is no such field here.</summary>
    None,

    /// <summary>Zero in UDP over IPv4: the sender made none (RFC 768).</summary>
    NotComputed,

    /// <summary>It fits.</summary>
    Good,

    /// <summary>It fits nothing.</summary>
    Bad,

    /// <summary>
    /// It holds the sum of the pseudo-header only: captured before the device completes it (CHECKSUM_PARTIAL).
    /// </summary>
    Partial,

    /// <summary>Not all that it covers is there: the capture has cut it, or it is a fragment.</summary>
    Cut,
}
