namespace Overlay.Capture.Files;

/// <summary>What became of a capture on one interface.</summary>
/// <param name="Interface">Its index in the file.</param>
/// <param name="StartNanoseconds">When it began, since 1970-01-01 UTC; null where the file does not say.</param>
/// <param name="EndNanoseconds">When it ended; the block bears this time too.</param>
/// <param name="Received">Packets that passed, the lost ones among them; null where the file does not say.</param>
/// <param name="Dropped">Packets that are not in the file because they could not be kept up with; null where the file
/// does not say.</param>
public readonly record struct InterfaceStatistics(
    int Interface, long? StartNanoseconds, long EndNanoseconds, ulong? Received, ulong? Dropped)
{
    /// <summary>Packets that the capture's filter let through.</summary>
    public ulong? Accepted { get; init; }

    /// <summary>Packets that the operating system had no room for.</summary>
    public ulong? DroppedBySystem { get; init; }

    /// <summary>Packets that were given to the program that captured.</summary>
    public ulong? Delivered { get; init; }
}
