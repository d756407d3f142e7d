using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Overlay.Router.Packets;

/// <summary>The Internet checksum (RFC 1071) and its incremental update (RFC 1624).</summary>
/// <remarks>
/// A sum is kept in the machine's byte order and folded only at its end: the one's-complement sum does not depend on
/// the byte order as long as every term has the same (RFC 1071, section 2, B). <see cref="Term"/> makes such a term of
/// a number.
/// </remarks>
public static class InternetChecksum
{
    // Shorter than one 512-bit vector, words are summed without vectors: setting a vector loop up would cost more.
    private const int ShortestVectorSum = 64;

    /// <summary>
    /// The checksum of <paramref name="bytes"/>, as the number to write big-endian into the checksum field.
    /// </summary>
    /// <param name="bytes">The field itself holds zero. An odd length is padded with a zero byte.</param>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => Term((ushort)~Fold(Add(bytes, 0)));

    /// <summary>True when the one's-complement sum over data and checksum field comes out as all ones.</summary>
    public static bool IsValid(ReadOnlySpan<byte> bytes) => Fold(Add(bytes, 0)) == 0xFFFF;

    /// <summary>The checksum after the time to live, in the high byte of its word, went down by one.</summary>
    /// <remarks>
    /// RFC 1624, equation 3, for m - m' = 0x0100. A sum of 0xFFFF is carried to 0x0000, which is what RFC 1624 gets and
    /// RFC 1141 does not.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort AfterTimeToLiveStep(ushort checksum)
    {
        uint sum = checksum + 0x0100u;
        return (ushort)(sum + (sum >= 0xFFFF ? 1u : 0u));
    }

    /// <summary>
    /// Adds a piece of what is summed. 64 bits have room for the sum of 2^16 packets of 65,535 bytes.
    /// </summary>
    /// <param name="bytes">Starts at an even offset of the whole. An odd length is padded with a zero byte.</param>
    /// <param name="sum">The sum so far, not folded; 0 to begin with.</param>
    internal static ulong Add(ReadOnlySpan<byte> bytes, ulong sum)
    {
        if (bytes.Length < ShortestVectorSum)
        {
            return OnesComplementSum.AddWords(bytes, sum);
        }

        if (Vector512.IsHardwareAccelerated)
        {
            return OnesComplementSum.AddVector512(bytes, sum);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return OnesComplementSum.AddVector256(bytes, sum);
        }

        return Vector128.IsHardwareAccelerated
            ? OnesComplementSum.AddVector128(bytes, sum)
            : OnesComplementSum.AddWords(bytes, sum);
    }

    /// <summary>
    /// The 16-bit sum with its carries added, in the machine's byte order, not inverted. It is 0 only for 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ushort Fold(ulong sum)
    {
        // A number plus itself with its halves swapped has, in its upper half, the sum of both halves and their carry.
        uint half = (uint)((sum + BitOperations.RotateLeft(sum, 32)) >> 32);
        return (ushort)((half + BitOperations.RotateLeft(half, 16)) >> 16);
    }

    /// <summary>
    /// What a 16-bit number adds to a sum: the number as it stands in a packet, read in the machine's byte order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ushort Term(ushort number) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(number) : number;

    /// <summary>The sum over the pseudo-header of TCP and UDP (RFC 9293, section 3.1; RFC 768), not folded.</summary>
    /// <param name="ipv4Header">At least the 20 bytes that every IPv4 header has.</param>
    /// <param name="protocol">6 TCP, 17 UDP.</param>
    /// <param name="transportBytes">Transport header and payload, 0 to 65,515.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong PseudoHeader(ReadOnlySpan<byte> ipv4Header, byte protocol, int transportBytes)
    {
        ulong addresses = MemoryMarshal.Read<ulong>(ipv4Header.Slice(12, sizeof(ulong)));
        return (uint)addresses + (addresses >> 32) + Term(protocol) + Term((ushort)transportBytes);
    }
}
