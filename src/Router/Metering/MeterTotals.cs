using System.Collections.Generic;
using System.Linq;

namespace Overlay.Router.Metering;

/// <summary>
/// What one direction has asked of the kernel: the sums of its workers' meters at the time of reading.
/// </summary>
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

    /// <inheritdoc cref="CallMeter.WorkSeconds"/>
    public double WorkSeconds { get; }

    /// <inheritdoc cref="CallMeter.UserCopiedBytes"/>
    public long UserCopiedBytes { get; }

    /// <inheritdoc cref="CallMeter.CallsOf"/>
    public long CallsOf(MeteredCall call) => _calls[(int)call];

    /// <inheritdoc cref="CallMeter.BytesOf"/>
    public long BytesOf(MeteredCall call) => _bytes[(int)call];

    /// <inheritdoc cref="CallMeter.SecondsOf"/>
    public double SecondsOf(MeteredCall call) => _seconds[(int)call];

    /// <summary>Sums meters up.</summary>
    internal static MeterTotals Of(IReadOnlyList<CallMeter> meters) => new(meters);
}
