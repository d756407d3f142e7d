namespace Overlay.Linux;

/// <summary>What became of a datagram sent earlier (IP_RECVERR, ip(7)).</summary>
/// <param name="Destination">Where it was sent, host order.</param>
/// <param name="Errno">EMSGSIZE: too long for the path. ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES …: ICMP said so.</param>
/// <param name="Mtu">With EMSGSIZE: the longest packet that passes, in bytes; 0 otherwise.</param>
public readonly record struct DatagramError(uint Destination, Errno Errno, int Mtu);
