using System;
using System.Buffers.Binary;

namespace Overlay.Lab.Decoding;

/// <summary>The Internet checksum (RFC 1071), as an observer computes it.</summary>
/// <remarks>
/// Deliberately not the forwarder's: what looks at the wire must not share a mistake with what wrote to it.
/// </remarks>
public static class OnesComplement
{
    /// <summary>The folded sum of 16-bit words; an odd last byte counts as the high half of a word.</summary>
    /// <returns>0 to 0xffff, not complemented. A range that carries its own valid checksum sums to 0xffff.</returns>
    public static ushort Sum(ReadOnlySpan<byte> bytes, uint initial = 0)
    {
        ulong sum = initial;
        int index = 0;
        for (; index + 1 < bytes.Length; index += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[index..]);
        }

        if (index < bytes.Length)
        {
            sum += (uint)bytes[index] << 8;
        }

        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)sum;
    }

    /// <summary>The sum of the pseudo-header that UDP's checksum covers (RFC 768).</summary>
    /// <param name="addresses">Source and destination as they stand in the IPv4 header: 8 bytes.</param>
    /// <param name="protocol">The IP protocol number.</param>
    /// <param name="lengthBytes">The transport header and its data.</param>
    public static ushort PseudoHeaderSum(ReadOnlySpan<byte> addresses, byte protocol, int lengthBytes) =>
        Sum(addresses[..8], (uint)protocol + (uint)lengthBytes);
}
