namespace Overlay.Router.Coalescing;

/// <summary>A flow of TCP or UDP, within which the order of packets is kept.</summary>
/// <param name="Addresses">Source and destination: the 8 bytes of the packet, in native order.</param>
/// <param name="Ports">Source and destination: the 4 bytes of the packet, in native order.</param>
/// <param name="Protocol">6 TCP, 17 UDP.</param>
internal readonly record struct FlowKey(ulong Addresses, uint Ports, byte Protocol)
{
    /// <summary>
    /// A hash whose upper bits are well mixed: multiplication by 2^64 / golden ratio (Knuth, TAOCP 3, 6.4).
    /// </summary>
    internal ulong Hash => (Addresses ^ ((ulong)Ports << 13) ^ Protocol) * 0x9E3779B97F4A7C15;
}
