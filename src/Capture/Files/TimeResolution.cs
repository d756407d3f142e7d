using System;

namespace Overlay.Capture.Files;

/// <summary>What one unit of an interface's times is (pcapng, if_tsresol and if_tsoffset).</summary>
/// <param name="Exponent">The negative exponent of 10, or of 2 with the highest bit set.</param>
/// <param name="OffsetSeconds">Added to every time.</param>
internal readonly record struct TimeResolution(byte Exponent, long OffsetSeconds)
{
    /// <summary>Microseconds, which hold where an interface says nothing.</summary>
    internal static TimeResolution Microseconds => new(6, 0);

    private const byte BinaryBit = 0x80;
    private const int NanosecondDigits = 9, MostDigits = 38; // of a UInt128
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Nanoseconds since 1970; held within 0 and what a long can have, in the year 2262.</summary>
    internal long ToNanoseconds(ulong units)
    {
        UInt128 time = (Exponent & BinaryBit) != 0
            ? (UInt128)units * NanosecondsPerSecond >> (Exponent & ~BinaryBit)
            : Exponent <= NanosecondDigits
                ? units * Power(NanosecondDigits - Exponent)
                : Exponent - NanosecondDigits > MostDigits ? 0 : units / Power(Exponent - NanosecondDigits);
        return (long)Int128.Clamp(
            (Int128)time + (Int128)OffsetSeconds * (Int128)NanosecondsPerSecond, 0, long.MaxValue);
    }

    private static UInt128 Power(int digits)
    {
        UInt128 power = 1;
        for (; digits > 0; digits--)
        {
            power *= 10;
        }

        return power;
    }
}
