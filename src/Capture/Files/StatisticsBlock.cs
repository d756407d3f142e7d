using System;

namespace Overlay.Capture.Files;

/// <summary>Reads pcapng's statistics of an interface (IETF draft-ietf-opsawg-pcapng, section 4.6).</summary>
internal static class StatisticsBlock
{
    /// <summary>Bytes before its options: the interface's number, and a time.</summary>
    internal const int FixedBytes = 12;

    /// <summary>Reads one.</summary>
    /// <param name="options">Behind <see cref="FixedBytes"/>.</param>
    /// <param name="index">The interface's, in the file.</param>
    /// <param name="time">The block's own, in the interface's units.</param>
    /// <param name="resolution">The interface's.</param>
    internal static InterfaceStatistics Read(
        OptionReader options, int index, ulong time, TimeResolution resolution)
    {
        var statistics = new InterfaceStatistics(index, null, resolution.ToNanoseconds(time), null, null);
        while (options.TryNext(out ushort code, out ReadOnlySpan<byte> value))
        {
            if (value.Length != sizeof(ulong))
            {
                continue;
            }

            statistics = code switch
            {
                BlockOption.StatisticsStart => statistics with
                {
                    StartNanoseconds = resolution.ToNanoseconds(options.HighLow(value)),
                },
                BlockOption.StatisticsEnd => statistics with
                {
                    EndNanoseconds = resolution.ToNanoseconds(options.HighLow(value)),
                },
                BlockOption.StatisticsReceived => statistics with { Received = options.Number64(value) },
                BlockOption.StatisticsDropped => statistics with { Dropped = options.Number64(value) },
                BlockOption.StatisticsAccepted => statistics with { Accepted = options.Number64(value) },
                BlockOption.StatisticsDroppedBySystem => statistics with { DroppedBySystem = options.Number64(value) },
                BlockOption.StatisticsDelivered => statistics with { Delivered = options.Number64(value) },
                _ => statistics,
            };
        }

        return statistics;
    }
}
