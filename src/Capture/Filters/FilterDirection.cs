namespace Overlay.Capture.Filters;

/// <summary>Which end of a packet a primitive looks at.</summary>
internal enum FilterDirection
{
    /// <summary><c>src or dst</c>, and where nothing is said.</summary>
    Either,

    /// <summary><c>src</c>.</summary>
    Source,

    /// <summary><c>dst</c>.</summary>
    Destination,

    /// <summary><c>src and dst</c>.</summary>
    Both,
}
