using Overlay.Net;

namespace Overlay.Linux;

/// <summary>What became of a datagram sent earlier (IP_RECVERR, ip(7)).</summary>
/// <param name="Destination">Where it was sent.</param>
/// <param name="Errno">EMSGSIZE: too long for the path. ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES …: ICMP said
/// so.</param>
/// <param name="Mtu">With EMSGSIZE: the longest packet that passes, in bytes; 0 otherwise.</param>
/// <param name="IsLocal">
/// True when this kernel refused the datagram at once: that call has failed by itself. False when somebody said so
/// later: then the next call fails in its place, and the one after each report taken while more are left
/// (net/core/skbuff.c, sock_dequeue_err_skb).
/// </param>
/// <param name="IcmpType">Of the ICMP error that said so; 0 when none did.</param>
/// <param name="IcmpCode">Of that error.</param>
public readonly record struct DatagramError(
    Ipv4Address Destination, Errno Errno, int Mtu, bool IsLocal = false, byte IcmpType = 0, byte IcmpCode = 0)
{
    /// <summary>Who sent the ICMP error; 0.0.0.0 where none came, or its sender is not known.</summary>
    public Ipv4Address Offender { get; init; }

    /// <summary>The type of every ICMP error that names a code of its own here (RFC 792).</summary>
    public const byte DestinationUnreachable = 3;
}
