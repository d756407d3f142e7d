namespace Overlay.Router.Coalescing;

/// <summary>Whose order is kept: addresses, ports and protocol of TCP or UDP, as they stand in the packet.</summary>
/// <param name="Addresses">Source and destination, native reading of the 8 bytes.</param>
/// <param name="Ports">Source and destination, native reading of the 4 bytes.</param>
/// <param name="Protocol">6 TCP, 17 UDP.</param>
internal readonly record struct FlowKey(ulong Addresses, uint Ports, byte Protocol)
{
    /// <summary>A number whose upper bits are well mixed.</summary>
    // 2^64 / golden ratio (Knuth)
    internal ulong Hash => (Addresses ^ ((ulong)Ports << 13) ^ Protocol) * 0x9E3779B97F4A7C15;
}
