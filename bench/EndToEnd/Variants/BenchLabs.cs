using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Terminal;

namespace Overlay.Bench.Variants;

/// <summary>
/// The labs of all variants, up side by side, so that rounds can take them in turn; and whatever an earlier run has
/// left of them.
/// </summary>
internal sealed class BenchLabs(IpCommand ip, BenchProgress progress) : IDisposable
{
    /// <summary>Everything a run writes is below.</summary>
    internal const string Directory = "/run/overlay-bench";

    private const string Prefix = "overlay-bench";

    private readonly List<RunningVariant> _paths = [];

    /// <summary>Builds a lab for each variant; every path has been tried when it returns.</summary>
    /// <returns>In the variants' order.</returns>
    /// <exception cref="OperatorException">One could not be built, or does not carry.</exception>
    internal IReadOnlyList<RunningVariant> Build(BenchPlan plan, CancellationToken cancellation)
    {
        for (int i = 0; i < plan.Variants.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress.Build(plan.Variants[i].Name);
            RunningVariant path = Build(plan.Variants[i], PlanOf(i), cancellation);
            _paths.Add(path);
            WireSetting.Apply(plan.Wire, path.Plan, ip);
            path.WaitUntilItWorks(cancellation);
        }

        return _paths;
    }

    /// <summary>Whether a run has left anything, or is running.</summary>
    internal bool IsAnythingThere() => System.IO.Directory.Exists(Directory) || CountRemnants() > 0;

    /// <summary>
    /// Ends every process of a run and removes its namespaces and files, this one's or an earlier one's. With the lock
    /// held.
    /// </summary>
    /// <returns>How many things there were.</returns>
    internal int Clear() => Enumerable.Range(0, BenchPlan.MostVariants).Sum(i => RemnantsOf(i).Remove().Count);

    /// <summary>
    /// As <see cref="Clear"/>, and the directory with the lock too, which goes last: whoever finds none may build labs.
    /// </summary>
    /// <returns>How many things are still there.</returns>
    internal int Remove()
    {
        _ = Clear();
        int left = CountRemnants();
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            left++; // somebody is writing into it
        }

        return left;
    }

    public void Dispose() => _paths.ForEach(path => path.Dispose());

    private int CountRemnants() => Enumerable.Range(0, BenchPlan.MostVariants).Sum(i => RemnantsOf(i).Find().Count);

    private static string NameOf(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static LabPlan PlanOf(int number)
    {
        string directory = Path.Combine(Directory, NameOf(number));
        System.IO.Directory.CreateDirectory(directory);
        return new LabPlan($"{Prefix}-{NameOf(number)}", directory, hostCount: 2, hasBridge: false);
    }

    private LabRemnants RemnantsOf(int number) =>
        new($"{Prefix}-{NameOf(number)}", Path.Combine(Directory, NameOf(number)), ip);

    private RunningVariant Build(Variant variant, LabPlan plan, CancellationToken cancellation) => variant switch
    {
        { Kind: VariantKind.Peer } => PeerVariant.Start(variant, plan, ip, cancellation),
        { Kind: VariantKind.Engine or VariantKind.Backend } => DaemonVariant.Start(variant, plan, ip, cancellation),
        { Name: Variant.Direct } => KernelVariant.Direct(variant, plan, ip),
        { Name: Variant.Routing } => KernelVariant.Routing(variant, plan, ip),
        { Name: Variant.Vxlan } => KernelVariant.OverVxlan(variant, plan, ip),
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant.Name, "not a variant"),
    };
}
