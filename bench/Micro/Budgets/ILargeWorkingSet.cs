namespace Overlay.Micro.Budgets;

/// <summary>
/// A benchmark whose memory is much larger than the caches on purpose. That changes its time, not what it allocates.
/// </summary>
public interface ILargeWorkingSet
{
    /// <summary>The size of each of its buffers, in bytes; may be changed before the setup.</summary>
    int WorkingSetBytes { get; set; }
}
