using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Ports;

namespace Overlay.Router.Paths;

/// <summary>What has been learned of the network path to one peer.</summary>
/// <param name="Peer">The outer address.</param>
/// <param name="Mtu">The path MTU: the longest outer packet that arrives whole, in bytes; 65,535 while unknown.</param>
/// <param name="TakesTrains">False after the kernel has refused a train to this peer.</param>
/// <param name="TrainRefusal">Why it did; <see cref="Errno.None"/> while <paramref name="TakesTrains"/>.</param>
/// <param name="ExpiresAt">When all of this is forgotten, by <see cref="PeerPaths.Now"/>.</param>
public readonly record struct PeerPath(Ipv4Address Peer, int Mtu, bool TakesTrains, Errno TrainRefusal, long ExpiresAt)
{
    /// <summary>A path about which nothing is known.</summary>
    public static PeerPath Unknown { get; } = new(default, ushort.MaxValue, true, Errno.None, 0);

    /// <summary>The longest inner packet whose datagram arrives whole, in bytes.</summary>
    public int InnerMtu => Mtu - UdpPort.EncapsulationBytes;
}
