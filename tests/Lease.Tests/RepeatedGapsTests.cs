using System;
using Overlay.Lease.StoreKit;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Tests;

/// <summary>Which interruptions of a watch are reported, and which are counted.</summary>
public sealed class RepeatedGapsTests
{
    private readonly ManualTime _time = new();
    private readonly RepeatedGaps _gaps;

    public RepeatedGapsTests() => _gaps = new RepeatedGaps(_time);

    [Fact]
    public void A_gap_is_reported_once_for_each_kind_of_cause_in_it()
    {
        Assert.True(_gaps.Fail("away"));
        Assert.False(_gaps.Fail("away"));
        Assert.True(_gaps.Fail("refused"));
        Assert.False(_gaps.Fail("away"));
        _gaps.End();
        Assert.False(_gaps.TryTakeCount(out _, out _));
    }

    [Fact]
    public void Gaps_that_repeat_are_counted_and_summed_up_once_an_hour_and_then_one_is_reported_again()
    {
        Assert.True(_gaps.Fail("away"));
        _gaps.End();
        for (int i = 1; i <= 90; i++) // two every minute
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            Assert.False(_gaps.Fail("away"));
            Assert.False(_gaps.Fail("away"));
            _gaps.End();
        }

        Assert.False(_gaps.TryTakeCount(out _, out _));
        _time.Advance(TimeSpan.FromMinutes(20));
        Assert.True(_gaps.TryTakeCount(out int count, out TimeSpan time));
        Assert.Equal((90, TimeSpan.FromMinutes(64.5)), (count, time));
        Assert.False(_gaps.TryTakeCount(out _, out _));

        Assert.True(_gaps.Fail("away"));
    }

    [Fact]
    public void One_that_lasts_a_minute_is_reported_though_it_is_a_repetition_and_is_not_counted_besides()
    {
        Assert.True(_gaps.Fail("away"));
        _gaps.End();
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_gaps.Fail("away"));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_gaps.Fail("away"));
        Assert.False(_gaps.Fail("away"));
        _gaps.End();
        _time.Advance(TimeSpan.FromHours(2));
        Assert.False(_gaps.TryTakeCount(out _, out _));
    }

    [Fact]
    public void Kinds_beyond_those_that_are_remembered_are_counted_until_others_are_an_hour_old()
    {
        int reported = 0;
        for (int i = 0; i < 3 * RepeatedGaps.MostKinds; i++)
        {
            reported += _gaps.Fail($"kind {i}") ? 1 : 0;
            _gaps.End();
        }

        Assert.Equal(RepeatedGaps.MostKinds, reported);
        _time.Advance(RepeatedGaps.Memory);
        Assert.True(_gaps.TryTakeCount(out int count, out _));
        Assert.Equal(2 * RepeatedGaps.MostKinds, count);
        Assert.True(_gaps.Fail("another kind"));
    }

    [Fact]
    public void A_repetition_whose_cause_becomes_another_one_is_reported()
    {
        Assert.True(_gaps.Fail("away"));
        _gaps.End();
        Assert.False(_gaps.Fail("away"));
        Assert.True(_gaps.Fail("refused"));
    }
}
