namespace Overlay.Router.Tapping;

/// <summary>What a capture takes, and how much.</summary>
/// <param name="SnapBytes">The most of a packet that is kept, 20 to 65535.</param>
/// <param name="PacketsPerSecond">The most that each worker keeps in a second; the others are counted as lost.</param>
/// <param name="Filter">Which packets; null for all.</param>
public sealed record TapOptions(int SnapBytes, int PacketsPerSecond, ITapFilter? Filter = null);
