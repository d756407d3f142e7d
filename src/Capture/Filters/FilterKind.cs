namespace Overlay.Capture.Filters;

/// <summary>What a primitive compares.</summary>
internal enum FilterKind
{
    /// <summary>The protocol alone.</summary>
    Protocol,

    /// <summary>An address with a host or a net.</summary>
    Address,

    /// <summary>A port with a range.</summary>
    Port,
}
