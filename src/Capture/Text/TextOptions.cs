using System;

namespace Overlay.Capture.Text;

/// <summary>How packets are shown.</summary>
/// <param name="IsUnicode">Whether arrows and corners are; otherwise their nearest in ASCII.</param>
/// <param name="Zone">Where times are of.</param>
public sealed record TextOptions(bool IsUnicode, TimeZoneInfo Zone)
{
    /// <summary>Whether lines begin with the hardware addresses.</summary>
    public bool ShowsLink { get; init; }

    /// <summary>Before what the host sent.</summary>
    internal char Outbound => IsUnicode ? '►' : '>';

    /// <summary>Before what the host received.</summary>
    internal char Inbound => IsUnicode ? '◄' : '<';

    /// <summary>Before the packet inside.</summary>
    internal char Inside => IsUnicode ? '└' : '`';
}
