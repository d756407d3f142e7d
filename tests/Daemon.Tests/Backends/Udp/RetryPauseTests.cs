using System;
using Overlay.Daemon.Backends.Udp;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class RetryPauseTests
{
    private readonly ManualTime _clock = new();
    private readonly RetryPause _pause;

    public RetryPauseTests()
    {
        _pause = new RetryPause(_clock);
        _pause.Opened();
    }

    [Fact]
    public void A_disturbance_is_mended_at_once_and_those_that_follow_later_each_time_up_to_an_hour()
    {
        Assert.Equal(TimeSpan.Zero, _pause.Disturbed());
        Assert.True(_pause.IsOver);
        double expected = 1;
        for (int i = 0; i < 14; i++)
        {
            _pause.Opened();
            Assert.Equal(TimeSpan.FromSeconds(Math.Min(expected, 3600)), _pause.Disturbed());
            Assert.False(_pause.IsOver);
            _clock.Advance(TimeSpan.FromSeconds(Math.Min(expected, 3600)));
            Assert.True(_pause.IsOver);
            expected *= 2;
        }
    }

    [Fact]
    public void After_a_minute_without_one_a_disturbance_is_mended_at_once_again()
    {
        _pause.Disturbed();
        _pause.Opened();
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(TimeSpan.FromSeconds(1), _pause.Disturbed());
        _pause.Opened();
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(TimeSpan.Zero, _pause.Disturbed());
    }

    [Fact]
    public void What_is_in_the_way_is_looked_for_every_ten_seconds()
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(TimeSpan.FromSeconds(10), _pause.Obstructed());
            Assert.False(_pause.IsOver);
            _clock.Advance(TimeSpan.FromSeconds(10));
            Assert.True(_pause.IsOver);
        }
    }

    [Fact]
    public void A_refusal_is_tried_again_after_ten_seconds_and_later_each_time_up_to_an_hour()
    {
        Assert.Equal(TimeSpan.Zero, _pause.Disturbed());
        foreach (int expected in (int[])[10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600])
        {
            Assert.Equal(TimeSpan.FromSeconds(expected), _pause.Refused());
        }

        _pause.Opened();
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, _pause.Disturbed());
        Assert.Equal(TimeSpan.FromSeconds(10), _pause.Refused());
    }

    [Fact]
    public void Refusals_do_not_lengthen_the_pause_after_a_disturbance()
    {
        _pause.Disturbed();
        for (int i = 0; i < 20; i++)
        {
            _pause.Refused();
        }

        _pause.Opened();
        Assert.Equal(TimeSpan.FromSeconds(1), _pause.Disturbed());
        Assert.Equal(TimeSpan.FromSeconds(10), _pause.Refused());
    }
}
