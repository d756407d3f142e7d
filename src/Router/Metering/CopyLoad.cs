using System;
using Overlay.Linux;

namespace Overlay.Router.Metering;

/// <summary>
/// Copies what a worker has read once more, or several times, to memory that nobody reads: what another copy costs.
/// </summary>
/// <remarks>
/// Owned by one thread. The source is as warm as any copy would find it, the target as any reused buffer's.
/// </remarks>
internal sealed class CopyLoad(int times, CallMeter meter)
{
    private readonly byte[] _target = times == 0 ? [] : GC.AllocateUninitializedArray<byte>(ReceiveBatch.SlotBytes);

    /// <summary>Copies it, and counts that.</summary>
    /// <param name="bytes">Of more than <see cref="ReceiveBatch.SlotBytes"/> the first so many.</param>
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
