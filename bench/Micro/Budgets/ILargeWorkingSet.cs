namespace Overlay.Micro.Budgets;

/// <summary>
/// A benchmark whose memory is far beyond the caches on purpose. That makes a difference to its time, not to what it
/// allocates.
/// </summary>
public interface ILargeWorkingSet
{
    /// <summary>Bytes of each of its buffers; may be changed before the setup.</summary>
    int WorkingSetBytes { get; set; }
}
