using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Paths;

/// <summary>What has been learned of the way to one peer.</summary>
/// <param name="Peer">The outer address.</param>
/// <param name="Mtu">The longest outer packet that gets there whole, in bytes; 65,535 while nothing is known.</param>
/// <param name="TakesTrains">False after the kernel has refused a train to this peer.</param>
/// <param name="TrainRefusal">Why it refused one; <see cref="Errno.None"/> while
/// <paramref name="TakesTrains"/>.</param>
/// <param name="ExpiresAt">When to forget it, by <see cref="PeerPaths.Now"/>.</param>
public readonly record struct PeerPath(Ipv4Address Peer, int Mtu, bool TakesTrains, Errno TrainRefusal, long ExpiresAt)
{
    /// <summary>A path about which nothing is known.</summary>
    public static PeerPath Unknown { get; } = new(default, ushort.MaxValue, true, Errno.None, 0);
}
