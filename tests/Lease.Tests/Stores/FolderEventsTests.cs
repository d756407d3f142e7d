using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Tests.Stores;

public sealed class FolderEventsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ManualTime _clock = new();
    private readonly FolderEvents _events;

    public FolderEventsTests() => _events = new FolderEvents(_clock);

    [Fact]
    public async Task A_burst_is_one_wake()
    {
        Task<FolderWake> waiting = WaitAsync();
        foreach (int number in Enumerable.Range(1, 200))
        {
            _events.Add($"10.5.{number}.0-24");
        }

        FolderWake wake = await PassAsync(waiting);

        Assert.False(wake.IsTimeout);
        Assert.Equal(200, wake.Names?.Count);
    }

    [Fact]
    public async Task What_comes_before_a_wait_ends_it_and_is_in_it_once()
    {
        _events.Add("10.5.1.0-24");
        _events.Add("10.5.1.0-24");

        Assert.Equal(["10.5.1.0-24"], (await PassAsync(WaitAsync())).Names);

        Task<FolderWake> next = WaitAsync();
        _events.Add("10.5.2.0-24");
        Assert.Equal(["10.5.2.0-24"], (await PassAsync(next)).Names);
    }

    [Fact]
    public async Task Temporary_files_wake_nobody_and_a_wait_without_an_event_asks_for_everything()
    {
        Task<FolderWake> waiting = WaitAsync();
        _events.Add(".10.5.1.0-24.0123.tmp");
        _events.Add(null);
        _events.Add("");
        await Eventually.IsTrue(
            () => waiting.IsCompleted, () => "the end of the wait", () => _clock.Advance(s_patience));

        Assert.Equal(new FolderWake(IsTimeout: true, Names: null), await waiting);
    }

    [Fact]
    public async Task More_names_than_a_listing_is_worth_and_a_lost_queue_ask_for_everything()
    {
        foreach (int number in Enumerable.Range(0, 5_000))
        {
            _events.Add($"{number}");
        }

        Assert.Equal(new FolderWake(IsTimeout: false, Names: null), await PassAsync(WaitAsync()));

        _events.Add("10.5.1.0-24");
        _events.AddEverything();
        Assert.Equal(new FolderWake(IsTimeout: false, Names: null), await PassAsync(WaitAsync()));
    }

    private Task<FolderWake> WaitAsync() => _events.WaitAsync(s_patience, TestContext.Current.CancellationToken);

    // The steps fire the short wait after an event long before they add up to the whole one.
    private async Task<FolderWake> PassAsync(Task<FolderWake> waiting)
    {
        await Eventually.IsTrue(
            () => waiting.IsCompleted, () => "the end of the wait", () => _clock.Advance(FolderEvents.Settle));
        return await waiting;
    }
}
