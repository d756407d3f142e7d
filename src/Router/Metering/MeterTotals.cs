using System.Collections.Generic;
using System.Linq;

namespace Overlay.Router.Metering;

/// <summary>What all workers of one direction have asked of the kernel, as far as the reader has seen it.</summary>
public sealed class MeterTotals
{
    private readonly long[] _calls = new long[MeteredCalls.All.Count];
    private readonly long[] _bytes = new long[MeteredCalls.All.Count];
    private readonly double[] _seconds = new double[MeteredCalls.All.Count];

    private MeterTotals(IReadOnlyList<CallMeter> meters)
    {
        foreach (MeteredCall call in MeteredCalls.All)
        {
            _calls[(int)call] = meters.Sum(meter => meter.CallsOf(call));
            _bytes[(int)call] = meters.Sum(meter => meter.BytesOf(call));
            _seconds[(int)call] = meters.Sum(meter => meter.SecondsOf(call));
        }

        WorkSeconds = meters.Sum(meter => meter.WorkSeconds);
        UserCopiedBytes = meters.Sum(meter => meter.UserCopiedBytes);
    }

    /// <summary>Time between the calls of a batch, seconds: what the direction does with packets itself.</summary>
    public double WorkSeconds { get; }

    /// <summary>Payload bytes copied within user space.</summary>
    public long UserCopiedBytes { get; }

    /// <inheritdoc cref="CallMeter.CallsOf"/>
    public long CallsOf(MeteredCall call) => _calls[(int)call];

    /// <inheritdoc cref="CallMeter.BytesOf"/>
    public long BytesOf(MeteredCall call) => _bytes[(int)call];

    /// <inheritdoc cref="CallMeter.SecondsOf"/>
    public double SecondsOf(MeteredCall call) => _seconds[(int)call];

    internal static MeterTotals Of(IReadOnlyList<CallMeter> meters) => new(meters);
}
