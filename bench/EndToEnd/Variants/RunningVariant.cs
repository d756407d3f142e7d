using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Control;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>One way between two ends, up and running: what workloads are run over and counted at.</summary>
internal abstract class RunningVariant : IDisposable
{
    private static readonly TimeSpan s_answersWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_aPing = TimeSpan.FromMilliseconds(200);

    /// <summary>What it is.</summary>
    internal required Variant Variant { get; init; }

    /// <summary>The lab it is in.</summary>
    internal required LabPlan Plan { get; init; }

    /// <summary>Where end 1 is: a pod's namespace, or a host's.</summary>
    internal required string FirstNamespace { get; init; }

    /// <summary>Where end 2 is.</summary>
    internal required string SecondNamespace { get; init; }

    /// <summary>End 1.</summary>
    internal required IPAddress FirstAddress { get; init; }

    /// <summary>End 2.</summary>
    internal required IPAddress SecondAddress { get; init; }

    /// <summary>Of both ends, in bytes.</summary>
    internal required int Mtu { get; init; }

    /// <summary>The processes that carry packets; none where the kernel does.</summary>
    internal virtual IReadOnlyList<int> FindProcessIds() => [];

    /// <summary>Waits until end 2 answers end 1.</summary>
    /// <exception cref="BenchException">It does not.</exception>
    internal virtual void WaitUntilItWorks(CancellationToken cancellation)
    {
        using var pinger = new Pinger(FirstNamespace);
        bool works = false;
        bool isDecided = Condition.Holds(
            () => (works = pinger.Ping(SecondAddress, sequence: 0, s_aPing) is not null)
                || FailureReport() is not null, s_answersWithin, cancellation);
        if (!works)
        {
            throw new BenchException(
                FailureReport() is { } failures && isDecided
                    ? $"{Variant.Name}: {failures.Split('\n')[0]}"
                    : $"{Variant.Name}: {SecondAddress} did not answer {FirstAddress} within "
                    + $"{s_answersWithin.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Bytes that have been received at whatever must carry them, both hosts together: what goes around it is not among
    /// them.
    /// </summary>
    internal abstract long ReadCarriedBytes();

    /// <summary>
    /// Bytes of inner packets that the kernel path has delivered, both hosts together; null for a way that has none.
    /// </summary>
    internal virtual long? ReadKernelBytes() => null;

    /// <summary>A flood of UDP has just ended.</summary>
    internal virtual void NoteFlood()
    {
    }

    /// <summary>Waits until single datagrams take the way again that they took before a flood.</summary>
    internal virtual void WaitUntilQuiet(CancellationToken cancellation)
    {
    }

    /// <summary>What carries them, for a message.</summary>
    internal abstract string Carrier { get; }

    /// <summary>Why it carries no more, with evidence; null when nothing is known to be wrong.</summary>
    internal virtual string? FailureReport() => null;

    /// <summary>What each daemon counts, host 1's first; empty where nobody counts.</summary>
    internal virtual IReadOnlyList<CountersReport> ReadCounters() => [];

    public virtual void Dispose()
    {
    }
}
