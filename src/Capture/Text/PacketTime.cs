using System;
using System.Globalization;

namespace Overlay.Capture.Text;

/// <summary>Times of packets as text.</summary>
internal static class PacketTime
{
    private const int NanosecondsPerTick = 100, NanosecondsPerSecond = 1_000_000_000;

    /// <summary><c>15:47:23.058527</c>, as tcpdump.</summary>
    internal static string OfDay(long nanoseconds, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(Of(nanoseconds), zone).ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary><c>2018-06-04 07:47:23.058527000 UTC</c>.</summary>
    internal static string Whole(long nanoseconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Of(nanoseconds):yyyy-MM-dd HH:mm:ss}.{nanoseconds % NanosecondsPerSecond:000000000} UTC");

    /// <summary><c>2018-06-04T07:47:23.058527000Z</c> (RFC 3339).</summary>
    internal static string Rfc3339(long nanoseconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Of(nanoseconds):yyyy-MM-ddTHH:mm:ss}.{nanoseconds % NanosecondsPerSecond:000000000}Z");

    /// <summary><c>1528098443.058527000</c>.</summary>
    internal static string Epoch(long nanoseconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"{nanoseconds / NanosecondsPerSecond}.{nanoseconds % NanosecondsPerSecond:000000000}");

    // The last year that a long has nanoseconds of is 2262, which a date can be of.
    private static DateTimeOffset Of(long nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(Math.Max(nanoseconds, 0) / NanosecondsPerTick);
}
