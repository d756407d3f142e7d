using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Overlay.Router.Packets;

/// <summary>
/// The loops under <see cref="InternetChecksum.Add"/>, one for each width of vector. Their sums are equal once folded;
/// the caller chooses the fastest.
/// </summary>
/// <remarks>
/// 16-bit words are summed two at a time as one 32-bit number: 2^16 is 1 modulo 2^16 - 1, so folding gives the same. A
/// 64-bit element of a vector takes 2^32 such numbers before it overflows. Pairs of vectors give the processor two sums
/// that do not depend on each other and, as elements of a span, need no check of bounds inside the loop.
/// </remarks>
internal static class OnesComplementSum
{
    private const ulong LowHalves = 0xFFFF_FFFF;

    /// <summary>Eight bytes at a time: for headers, for what a vector loop leaves over, and without vectors.</summary>
    public static ulong AddWords(ReadOnlySpan<byte> bytes, ulong sum)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            sum += (uint)word;
            sum += word >> 32;
        }

        bytes = bytes[(bytes.Length & ~(sizeof(ulong) - 1))..];
        if (bytes.Length >= sizeof(uint))
        {
            sum += MemoryMarshal.Read<uint>(bytes);
            bytes = bytes[sizeof(uint)..];
        }

        if (bytes.Length >= sizeof(ushort))
        {
            sum += MemoryMarshal.Read<ushort>(bytes);
            bytes = bytes[sizeof(ushort)..];
        }

        // The last byte of an odd length is the first of its word, whatever end that is in a register.
        return bytes.IsEmpty ? sum : sum + (BitConverter.IsLittleEndian ? bytes[0] : (uint)bytes[0] << 8);
    }

    /// <summary>Two vectors of 16 bytes at a time.</summary>
    public static ulong AddVector128(ReadOnlySpan<byte> bytes, ulong sum)
    {
        Vector128<ulong> first = default;
        Vector128<ulong> second = default;
        foreach (ref readonly Pair128 pair in MemoryMarshal.Cast<byte, Pair128>(bytes))
        {
            first = AddHalves(first, pair.First);
            second = AddHalves(second, pair.Second);
        }

        return AddWords(bytes[(bytes.Length & -(2 * Vector128<byte>.Count))..], sum + Vector128.Sum(first + second));
    }

    /// <summary>Two vectors of 32 bytes at a time.</summary>
    public static ulong AddVector256(ReadOnlySpan<byte> bytes, ulong sum)
    {
        var low = Vector256.Create(LowHalves);
        Vector256<ulong> first = default;
        Vector256<ulong> second = default;
        foreach (ref readonly Pair256 pair in MemoryMarshal.Cast<byte, Pair256>(bytes))
        {
            first += (pair.First & low) + (pair.First >>> 32);
            second += (pair.Second & low) + (pair.Second >>> 32);
        }

        return AddWords(bytes[(bytes.Length & -(2 * Vector256<byte>.Count))..], sum + Vector256.Sum(first + second));
    }

    /// <summary>
    /// One vector of 64 bytes at a time: two arithmetic units have enough of it, and less is left over than of two.
    /// </summary>
    public static ulong AddVector512(ReadOnlySpan<byte> bytes, ulong sum)
    {
        var low = Vector512.Create(LowHalves);
        Vector512<ulong> first = default;
        Vector512<ulong> second = default;
        foreach (Vector512<ulong> vector in MemoryMarshal.Cast<byte, Vector512<ulong>>(bytes))
        {
            first += vector & low;
            second += vector >>> 32;
        }

        return AddWords(bytes[(bytes.Length & -Vector512<byte>.Count)..], sum + Vector512.Sum(first + second));
    }

    // UADALP on arm64: mask, shift and both additions in one instruction.
    private static Vector128<ulong> AddHalves(Vector128<ulong> sum, Vector128<ulong> vector) => AdvSimd.IsSupported
        ? AdvSimd.AddPairwiseWideningAndAdd(sum, vector.AsUInt32())
        : sum + (vector & Vector128.Create(LowHalves)) + (vector >>> 32);

    private readonly record struct Pair128(Vector128<ulong> First, Vector128<ulong> Second);

    private readonly record struct Pair256(Vector256<ulong> First, Vector256<ulong> Second);
}
