using System;
using System.Buffers.Binary;

namespace Overlay.Capture.Packets;

/// <summary>Many packets in what a capture shows as one datagram (udp(7), UDP_SEGMENT).</summary>
internal static class Train
{
    /// <summary>Counts the packets: all as long as the first, the last perhaps shorter.</summary>
    /// <param name="payload">The datagram's data, as far as they were captured.</param>
    /// <param name="length">Length of the data on the wire.</param>
    /// <returns>1 or more; 0 when the data are no train.</returns>
    internal static int Count(ReadOnlySpan<byte> payload, int length)
    {
        int first = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        if (first < Ipv4Header.MinimumBytes)
        {
            return 0;
        }

        int last = length % first;
        for (int offset = first; offset + 4 <= payload.Length; offset += first)
        {
            int wanted = Math.Min(first, length - offset);
            if (payload[offset] >> 4 != 4
                || BinaryPrimitives.ReadUInt16BigEndian(payload[(offset + 2)..]) != wanted)
            {
                return 0;
            }
        }

        return last is > 0 and < Ipv4Header.MinimumBytes ? 0 : length / first + (last > 0 ? 1 : 0);
    }
}
