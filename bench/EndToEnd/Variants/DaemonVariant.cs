using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Control;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>Pod to pod through two of our own daemons, metered.</summary>
internal sealed class DaemonVariant : RunningVariant
{
    private readonly RunningLab _lab;

    private DaemonVariant(RunningLab lab) => _lab = lab;

    /// <inheritdoc/>
    internal override IReadOnlyList<int> FindProcessIds() => _lab.DaemonIds;

    /// <inheritdoc/>
    internal override string Carrier => "flannel0";

    /// <summary>Builds it.</summary>
    /// <exception cref="LabException">A daemon did not become ready.</exception>
    internal static DaemonVariant Start(Variant variant, LabPlan plan, IpCommand ip, CancellationToken cancellation)
    {
        var options = new LabOptions(
            [DaemonProgram.Find()]) { ExtraArguments = [.. variant.RunArguments, "--meter"] };
        var lab = RunningLab.Start(plan, ip, options, cancellation);
        return new DaemonVariant(lab)
        {
            Variant = variant,
            Plan = plan,
            FirstNamespace = plan.Hosts[0].PodNamespace,
            SecondNamespace = plan.Hosts[1].PodNamespace,
            FirstAddress = lab.Subnets[0].Pod,
            SecondAddress = lab.Subnets[1].Pod,
            Mtu = lab.Subnets[0].Mtu,
        };
    }

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() => ReadCounters().Sum(counters => counters.Inbound.Bytes);

    /// <inheritdoc/>
    internal override string? FailureReport() => _lab.FailureReport();

    /// <inheritdoc/>
    internal override IReadOnlyList<CountersReport> ReadCounters() => _lab.ReadCounters();

    public override void Dispose()
    {
        _lab.Dispose();
        base.Dispose();
    }
}
