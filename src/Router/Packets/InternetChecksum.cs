using System;
using System.Buffers.Binary;

namespace Overlay.Router.Packets;

/// <summary>The Internet checksum (RFC 1071) and its incremental update (RFC 1624).</summary>
public static class InternetChecksum
{
    /// <summary>The checksum of <paramref name="bytes"/>, as the number to write big-endian into the checksum field.</summary>
    /// <param name="bytes">The field itself holds zero. An odd length is padded with a zero byte.</param>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => (ushort)~Sum(bytes);

    /// <summary>True when the one's-complement sum over data and checksum field comes out as all ones.</summary>
    public static bool IsValid(ReadOnlySpan<byte> bytes) => Sum(bytes) == 0xFFFF;

    /// <summary>The checksum after the time to live, in the high byte of its word, went down by one.</summary>
    /// <remarks>
    /// RFC 1624, equation 3, for m - m' = 0x0100. A sum of 0xFFFF is carried to 0x0000, which is what RFC 1624 gets and RFC
    /// 1141 does not.
    /// </remarks>
    public static ushort AfterTimeToLiveStep(ushort checksum)
    {
        uint sum = checksum + 0x0100u;
        return (ushort)(sum + (sum >= 0xFFFF ? 1u : 0u));
    }

    private static ushort Sum(ReadOnlySpan<byte> bytes)
    {
        // 32 bits hold the sum of 65,535 bytes: fewer than 2^15 words of less than 2^16 each.
        uint sum = 0;
        while (bytes.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
            bytes = bytes[2..];
        }

        if (!bytes.IsEmpty)
        {
            sum += (uint)bytes[0] << 8;
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)(sum + (sum >> 16));
    }
}
