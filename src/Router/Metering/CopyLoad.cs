using System;
using Overlay.Linux;

namespace Overlay.Router.Metering;

/// <summary>Copies what a worker has read to memory that nobody reads, to measure what a copy costs.</summary>
/// <remarks>
/// Owned by one thread. The source is in the cache as it is for any copy of what was just read, the target as any
/// reused buffer is.
/// </remarks>
/// <param name="times">How many times, 0 or more.</param>
/// <param name="meter">Counts the bytes.</param>
internal sealed class CopyLoad(int times, CallMeter meter)
{
    private readonly byte[] _target = times == 0 ? [] : GC.AllocateUninitializedArray<byte>(ReceiveBatch.SlotBytes);

    /// <summary>Copies and counts.</summary>
    /// <param name="bytes">Beyond <see cref="ReceiveBatch.SlotBytes"/> they are not copied.</param>
    internal void Copy(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < times; i++)
        {
            ReadOnlySpan<byte> fitting = bytes[..Math.Min(bytes.Length, _target.Length)];
            fitting.CopyTo(_target);
            meter.CountCopy(fitting.Length);
        }
    }
}
