namespace Overlay.Capture.Filters;

/// <summary>Which headers a primitive looks at.</summary>
internal enum FilterLayer
{
    /// <summary>Both: it fits when it fits either.</summary>
    Any,

    /// <summary>Those of the datagram that carries, or of a packet that carries none.</summary>
    Outer,

    /// <summary>Those of the packet that is carried.</summary>
    Inner,
}
