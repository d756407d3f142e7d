namespace Overlay.Capture.Files;

/// <summary>What became of a capture on one interface.</summary>
/// <param name="Interface">Its index in the file.</param>
/// <param name="StartNanoseconds">When it began, since 1970-01-01 UTC.</param>
/// <param name="EndNanoseconds">When it ended; the block bears this time too.</param>
/// <param name="Received">Packets that passed, the lost ones among them.</param>
/// <param name="Dropped">Packets that are not in the file because they could not be kept up with.</param>
public readonly record struct InterfaceStatistics(
    int Interface, long StartNanoseconds, long EndNanoseconds, ulong Received, ulong Dropped);
