using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Overlay.Health;

/// <summary>How often what was put back on the host. Any thread.</summary>
public sealed class RepairCounts
{
    private static readonly RepairedObject[] s_all = Enum.GetValues<RepairedObject>();

    private readonly long[] _counts = new long[s_all.Length];

    /// <summary>Counts repairs.</summary>
    public void Add(RepairedObject what, int count = 1) => _ = Interlocked.Add(ref _counts[(int)what], count);

    /// <summary>How often it was put back.</summary>
    public long Of(RepairedObject what) => Interlocked.Read(ref _counts[(int)what]);

    /// <summary>All counts by name, <c>subnet_file</c> say, those that are zero too.</summary>
    public IReadOnlyDictionary<string, long> Read() => s_all.ToDictionary(Name, Of, StringComparer.Ordinal);

    /// <summary>The name in metrics and reports.</summary>
    public static string Name(RepairedObject what) => what switch
    {
        RepairedObject.Link => "link",
        RepairedObject.Address => "address",
        RepairedObject.Route => "route",
        RepairedObject.Neighbour => "neighbour",
        RepairedObject.Firewall => "firewall",
        RepairedObject.SubnetFile => "subnet_file",
        _ => "kernel_path",
    };
}
