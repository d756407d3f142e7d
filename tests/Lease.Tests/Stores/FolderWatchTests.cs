using System;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Tests.Stores;

/// <summary>The watch with the kernel's own announcements, look by look.</summary>
public sealed class FolderWatchTests : StoreFixture
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);
    private static readonly FolderWake s_first = new(IsTimeout: false, Names: null);
    private static readonly FolderWake s_periodic = new(IsTimeout: true, Names: null);

    private readonly FolderEvents _events = new(TimeProvider.System);

    [Fact]
    public async Task A_replaced_directory_is_listened_to_again_once_a_look_has_found_a_change()
    {
        PutLease("10.5.1.0-24", "192.0.2.1");
        using var listener = new FolderListener(Subnets, _events, Warn);
        FolderWatch watch = NewWatch(listener.Listen);
        Assert.Equal("snapshot 10.5.1.0/24=192.0.2.1", Look(watch, s_first));

        Directory.Move(Subnets, Path.Combine(Root, "aside"));
        Directory.CreateDirectory(Subnets);
        PutLease("10.5.2.0-24", "192.0.2.2");
        Assert.Equal("changes -10.5.1.0/24 10.5.2.0/24=192.0.2.2", Look(watch, s_periodic));
        Assert.Equal(s_first, await WaitAsync()); // once more, for what came while it listened to the other directory
        Assert.Null(Look(watch, s_first));

        PutLease("10.5.3.0-24", "192.0.2.3");

        FolderWake wake = await WaitAsync();
        Assert.Equal(["10.5.3.0-24"], wake.Names);
        Assert.Equal("changes 10.5.3.0/24=192.0.2.3", Look(watch, wake));
    }

    [Fact]
    public void A_look_at_named_files_reads_no_others()
    {
        FolderWatch watch = NewWatch(listen: () => { });
        Assert.Equal("snapshot", Look(watch, s_first));
        PutLease("10.5.1.0-24", "192.0.2.1");
        PutLease("10.5.2.0-24", "192.0.2.2");

        Assert.Equal("changes 10.5.2.0/24=192.0.2.2", Look(watch, new FolderWake(IsTimeout: false, ["10.5.2.0-24"])));
        Assert.Equal("changes 10.5.1.0/24=192.0.2.1", Look(watch, s_periodic));
    }

    private static string? Look(FolderWatch watch, FolderWake wake) =>
        watch.Look(wake) is { } update ? WatchLog.Describe(update) : null;

    private FolderWatch NewWatch(Action listen) =>
        new(new LeaseFolder(Subnets, Time, Warn), _events, listen, requireStore: () => { }, Config);

    private async Task<FolderWake> WaitAsync()
    {
        FolderWake wake = await _events.WaitAsync(s_deadline, Cancel);
        Assert.False(wake.IsTimeout, "nothing was announced");
        return wake;
    }
}
