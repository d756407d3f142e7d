namespace Overlay.Bench;

/// <summary>TCP between the two ends.</summary>
/// <param name="Streams">At a time.</param>
/// <param name="IsReverse">From end 2 to end 1.</param>
internal readonly record struct TcpTraffic(int Streams, bool IsReverse)
{
    /// <summary><c>tcp_4</c>, <c>tcp_4_reverse</c>.</summary>
    internal string Name => IsReverse ? $"tcp_{Streams}_reverse" : $"tcp_{Streams}";
}

/// <summary>UDP from end 1 to end 2, flat out.</summary>
/// <param name="PayloadBytes">Of a datagram; null for as many as fit the path.</param>
internal readonly record struct UdpTraffic(int? PayloadBytes)
{
    private const int HeaderBytes = 20 + 8; // IPv4 and UDP

    /// <summary><c>udp_64</c>, <c>udp_full</c>.</summary>
    internal string Name => PayloadBytes is int bytes ? $"udp_{bytes}" : "udp_full";

    /// <summary>Payload on a path of this MTU.</summary>
    internal int PayloadBytesFor(int mtu) => PayloadBytes ?? mtu - HeaderBytes;
}
