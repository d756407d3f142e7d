using System.Diagnostics.CodeAnalysis;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>The udp backend in user space, metered.</summary>
internal sealed class EngineVariant : DaemonVariant
{
    [SetsRequiredMembers]
    internal EngineVariant(Variant variant, LabPlan plan, RunningLab lab)
        : base(variant, plan, lab)
    {
    }

    /// <inheritdoc/>
    internal override string Carrier => "flannel0";

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() => ReadDeliveredBytes();
}
