using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Control;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>Pod to pod with a daemon of ours on each host.</summary>
internal abstract class DaemonVariant : RunningVariant
{
    private readonly RunningLab _lab;

    [SetsRequiredMembers]
    private protected DaemonVariant(Variant variant, LabPlan plan, RunningLab lab)
    {
        _lab = lab;
        Variant = variant;
        Plan = plan;
        FirstNamespace = plan.Hosts[0].PodNamespace;
        SecondNamespace = plan.Hosts[1].PodNamespace;
        FirstAddress = lab.Subnets[0].Pod;
        SecondAddress = lab.Subnets[1].Pod;
        Mtu = lab.Subnets[0].Mtu;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<int> FindProcessIds() => _lab.DaemonIds;

    /// <summary>Builds it.</summary>
    /// <exception cref="LabException">A daemon did not become ready.</exception>
    /// <exception cref="BenchException">The kernel lacks what the variant is about.</exception>
    internal static DaemonVariant Start(Variant variant, LabPlan plan, IpCommand ip, CancellationToken cancellation)
    {
        var options = new LabOptions([DaemonProgram.Find()]) { ExtraArguments = variant.RunArguments };
        if (variant.NetworkConfig is { } config)
        {
            options = options with { NetworkConfig = config };
        }

        RunningLab lab;
        try
        {
            lab = RunningLab.Start(plan, ip, options, cancellation);
        }
        catch (LabException problem) when (variant.Kind == VariantKind.Backend)
        {
            // What a kernel may lack: eBPF programs, VXLAN. The daemon's last line names it.
            string cause = problem.Evidence?.TrimEnd().Split('\n')[^1] ?? problem.Message;
            throw new BenchException($"{variant.Name}: {cause}; leave it out with --variants");
        }

        return variant switch
        {
            { Kind: VariantKind.Engine } => new EngineVariant(variant, plan, lab),
            { Device: { } device } => new BackendVariant(variant, plan, lab, device),
            _ => new KernelPathVariant(variant, plan, lab),
        };
    }

    /// <inheritdoc/>
    internal override string? FailureReport() => _lab.FailureReport();

    /// <inheritdoc/>
    internal override IReadOnlyList<CountersReport> ReadCounters() => _lab.ReadCounters();

    public override void Dispose()
    {
        _lab.Dispose();
        base.Dispose();
    }

    /// <summary>Bytes of inner packets that both daemons have counted as delivered.</summary>
    private protected long ReadDeliveredBytes() => ReadCounters().Sum(counters => counters.Inbound.Bytes);
}
