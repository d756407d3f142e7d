using System;
using System.Net;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Bench.Variants;
using Overlay.Bench.Workloads;
using Overlay.Lab;
using Xunit;

namespace Overlay.Bench.Tests;

/// <summary>Which figures are believed, of a path and a load that say what they are told to.</summary>
public sealed class MeasurementTests
{
    private const long Delivered = 1000;

    private static readonly Measurement s_measurement = new(TimeSpan.Zero, TimeSpan.FromMilliseconds(20));

    [Theory]
    [InlineData(0)]
    [InlineData(Delivered / 2)]
    public void What_should_go_by_the_kernel_and_went_through_user_space_gives_no_figure(long byKernel)
    {
        using var path = new Path(byKernel);
        using var load = new Load(isFlood: false);

        BenchException refused = Assert.Throws<BenchException>(
            () => s_measurement.Take(path, load, TestContext.Current.CancellationToken));

        Assert.StartsWith(
            $"kernel-path: 1000 bytes arrived, but the kernel path carried only {byKernel}", refused.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Delivered)]
    [InlineData(null)]
    public void What_went_by_the_kernel_is_believed_and_so_is_a_way_that_has_no_kernel_path(long? byKernel)
    {
        using var path = new Path(byKernel);
        using var load = new Load(isFlood: false);

        Assert.Equal(Delivered, s_measurement.Take(path, load, TestContext.Current.CancellationToken).DeliveredBytes);
        Assert.False(path.IsFlooded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_flood_may_go_through_user_space_and_so_may_what_is_beside_one(bool isBeside)
    {
        using var path = new Path(byKernel: 0);
        using var load = new Load(isFlood: !isBeside);
        using var beside = new Load(isFlood: true);

        _ = s_measurement.Take(path, load, TestContext.Current.CancellationToken, isBeside ? beside : null);

        Assert.True(path.IsFlooded);
    }

    [Fact]
    public void What_went_around_the_tunnel_gives_no_figure()
    {
        using var path = new Path(byKernel: null, carried: 0);
        using var load = new Load(isFlood: true);

        BenchException refused = Assert.Throws<BenchException>(
            () => s_measurement.Take(path, load, TestContext.Current.CancellationToken));

        Assert.Contains("nothing carried only 0", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Has carried everything by the second look, and as much of it by the kernel as it is told.</summary>
    private sealed class Path : RunningVariant
    {
        private readonly long _carried;
        private readonly long? _byKernel;
        private bool _wasRead;
        private bool _wasReadByKernel;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        internal Path(long? byKernel, long carried = 10 * Delivered)
        {
            (_byKernel, _carried) = (byKernel, carried);
            Variant = new Variant(Variants.Variant.KernelPath, VariantKind.Backend, "a path of the test");
            Plan = new LabPlan("overlay-none", "/nonexistent", hostCount: 2, hasBridge: false);
            (FirstNamespace, SecondNamespace) = ("first", "second");
            (FirstAddress, SecondAddress) = (IPAddress.Loopback, IPAddress.Loopback);
            Mtu = 1472;
        }

        internal bool IsFlooded { get; private set; }

        internal override string Carrier => "nothing";

        internal override long ReadCarriedBytes() => Once(ref _wasRead) ? 0 : _carried;

        internal override long? ReadKernelBytes() =>
            Once(ref _wasReadByKernel) && _byKernel is not null ? 0 : _byKernel;

        internal override void NoteFlood() => IsFlooded = true;

        private static bool Once(ref bool wasRead) => !wasRead && (wasRead = true);
    }

    /// <summary>Delivers everything after the first look.</summary>
    private sealed class Load(bool isFlood) : Workload("a load of the test")
    {
        private int _looks;

        internal override bool IsFlood => isFlood;

        internal override WorkloadCounts Counts =>
            Interlocked.Increment(ref _looks) == 1 ? default : new WorkloadCounts(Delivered, 1, 1);

        protected override void Open()
        {
        }

        protected override void WakeAll()
        {
        }
    }
}
