using System.Linq;
using Overlay.Net;
using Overlay.Router.Counters;
using Xunit;

namespace Overlay.Router.Tests.Counters;

public sealed class WorkerCountersTests
{
    private static readonly Ipv4Address s_peer = Ipv4Address.Parse("172.16.0.2");

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(64, 6)]
    [InlineData(65, 7)]
    [InlineData(4096, 12)]
    [InlineData(4097, 13)]
    [InlineData(100_000, 13)]
    public void A_batch_counts_in_the_part_of_the_least_power_of_two_that_is_no_less(int packets, int part)
    {
        var counters = new WorkerCounters();
        counters.Forward(s_peer, packets - 1, 0); // a batch may forward more than once
        counters.Forward(s_peer, 1, 0);
        counters.EndBatch();
        counters.EndBatch(); // one that forwards nothing is none
        Assert.Equal(
            Enumerable.Range(0, WorkerCounters.BatchPartCount).Select(each => each == part ? 1L : 0),
            Enumerable.Range(0, WorkerCounters.BatchPartCount).Select(counters.Batches));
        Assert.Equal(packets, counters.BatchedPackets);
    }

    [Fact]
    public void Batches_disturb_no_other_counter()
    {
        var counters = new WorkerCounters();
        foreach (DropReason reason in DropReasons.All)
        {
            counters.Drop(reason, 7);
        }

        counters.Forward(s_peer, 1_000_000, 3);
        counters.EndBatch();
        Assert.All(DropReasons.All, reason => Assert.Equal(7, counters.Dropped(reason)));
        Assert.Equal((1_000_000, 3), (counters.ForwardedPackets, counters.ForwardedBytes));
    }
}
