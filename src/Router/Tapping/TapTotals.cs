namespace Overlay.Router.Tapping;

/// <summary>What a capture has come to, all workers together.</summary>
/// <param name="Matched">Packets that the filter wanted.</param>
/// <param name="Lost">Those of them that were not kept: more than the budget, or than the reader took.</param>
public readonly record struct TapTotals(long Matched, long Lost)
{
    /// <summary>Packets that were kept.</summary>
    public long Kept => Matched - Lost;
}
