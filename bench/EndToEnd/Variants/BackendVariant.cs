using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>A backend that leaves forwarding to the kernel's own devices and routes.</summary>
internal sealed class BackendVariant : DaemonVariant
{
    private readonly string _device;

    [SetsRequiredMembers]
    internal BackendVariant(Variant variant, LabPlan plan, RunningLab lab, string device)
        : base(variant, plan, lab) => _device = device;

    /// <inheritdoc/>
    internal override string Carrier => _device;

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() =>
        Plan.Hosts.Sum(host => LinkBytes.Received(host.HostNamespace, _device));
}
