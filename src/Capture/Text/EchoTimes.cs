using System;
using System.Collections.Generic;
using Overlay.Capture.Packets;
using Overlay.Net;

namespace Overlay.Capture.Text;

/// <summary>Remembers pings, so that their answers can be told how long they took.</summary>
public sealed class EchoTimes
{
    private const int Most = 4096; // pings that wait for an answer

    private readonly Dictionary<(Ipv4Address From, Ipv4Address To, uint Ping), long> _asked = [];

    /// <summary>Looks at a packet, the inner one where there is one.</summary>
    /// <param name="packet">In the order of the capture.</param>
    /// <param name="nanoseconds">When it passed.</param>
    /// <returns>How long its request took to be answered; null when it answers none that was seen.</returns>
    public TimeSpan? Look(in DecodedPacket packet, long nanoseconds)
    {
        PacketHeaders headers = packet.HasInner ? packet.Inner : packet.Outer;
        if (headers.Transport != TransportKind.Icmp || !headers.Icmp.IsEcho)
        {
            return null;
        }

        IcmpMessage icmp = headers.Icmp;
        uint ping = ((uint)icmp.Identifier << 16) | icmp.Sequence;
        if (icmp.Type == IcmpMessage.EchoRequest)
        {
            if (_asked.Count >= Most)
            {
                _asked.Clear(); // of a flood nobody wants to know
            }

            _ = _asked.TryAdd((headers.Ipv4.Source, headers.Ipv4.Destination, ping), nanoseconds);
            return null;
        }

        return _asked.Remove((headers.Ipv4.Destination, headers.Ipv4.Source, ping), out long asked)
            && nanoseconds >= asked
                ? TimeSpan.FromTicks((nanoseconds - asked) / 100)
                : null;
    }
}
