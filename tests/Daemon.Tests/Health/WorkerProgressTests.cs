using System;
using Overlay.Daemon.Health;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Health;

public sealed class WorkerProgressTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly WorkerProgress _progress;

    public WorkerProgressTests() => _progress = new WorkerProgress(_time, s_limit);

    [Fact]
    public void A_worker_that_is_awake_and_gets_no_further_hangs()
    {
        var state = new WorkerState("in-0", 7, IsWaiting: false);
        _progress.Watch(() => [state, new WorkerState("out-0", 1, IsWaiting: true)]);
        Assert.Empty(_progress.FindHung());
        _time.Advance(s_limit - TimeSpan.FromSeconds(1));
        Assert.Empty(_progress.FindHung());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["in-0"], _progress.FindHung());
        state = state with { Turns = 8 };
        Assert.Empty(_progress.FindHung());
    }

    [Fact]
    public void A_worker_that_sleeps_or_that_goes_on_does_not_hang_however_seldom_anybody_looks()
    {
        var idle = new WorkerState("idle", 1, IsWaiting: true);
        var busy = new WorkerState("busy", 1, IsWaiting: false);
        _progress.Watch(() => [idle]);
        _progress.Watch(() => [busy]);
        for (int look = 0; look < 3; look++)
        {
            Assert.Empty(_progress.FindHung());
            _time.Advance(TimeSpan.FromHours(1));
            busy = busy with { Turns = busy.Turns + 1 };
        }

        // It has only just woken.
        idle = idle with { Turns = 2, IsWaiting = false };
        Assert.Empty(_progress.FindHung());
    }

    [Fact]
    public void A_loop_hangs_within_a_turn_and_not_between_two()
    {
        WorkTurns loop = _progress.Watch("upkeep");
        loop.Begin();
        Assert.Empty(_progress.FindHung());
        _time.Advance(s_limit);
        Assert.Equal(["upkeep"], _progress.FindHung());
        loop.End();
        Assert.Empty(_progress.FindHung());
        _time.Advance(s_limit);
        Assert.Empty(_progress.FindHung());
    }
}
