using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Testing;
using Xunit;

namespace Overlay.Daemon.Tests.Handover;

/// <summary>What a service manager is told, on a real socket.</summary>
public sealed class ServiceReportsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-notify-");
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
    {
        Blocking = false,
    };

    private readonly ManualTime _clock = new(DateTimeOffset.UnixEpoch);

    public void Dispose()
    {
        _manager.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void It_is_told_of_each_new_status_once_and_of_progress_only_while_no_worker_hangs()
    {
        using ServiceManager service = Connect();
        var progress = new WorkerProgress(_clock, TimeSpan.FromSeconds(10));
        WorkTurns turns = progress.Watch("upkeep");
        string? status = null;
        var reports = new ServiceReports(service, progress, () => status, _clock);

        reports.Tell(isWatched: true);
        status = "10.244.1.0/24, 2 peers, 0 warnings";
        reports.Tell(isWatched: false);
        reports.Tell(isWatched: true);
        Assert.Equal(["WATCHDOG=1", $"STATUS={status}", "WATCHDOG=1"], Told());

        turns.Begin();
        reports.Tell(isWatched: true);
        _clock.Advance(TimeSpan.FromSeconds(11));
        status = "10.244.1.0/24, 2 peers, 1 warnings";
        reports.Tell(isWatched: true);
        Assert.Equal(["WATCHDOG=1", $"STATUS={status}"], Told());

        turns.End();
        reports.Tell(isWatched: true);
        Assert.Equal(["WATCHDOG=1"], Told());
    }

    [Fact]
    public void It_is_told_of_a_reload_with_the_time_of_its_clock_and_of_the_stop()
    {
        using ServiceManager service = Connect();
        service.Reloading();
        service.Ready(status: null);
        service.Stopping();
        List<string> told = Told();
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$", told[0]);
        Assert.Equal(["READY=1", "STOPPING=1"], told[1..]);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", null, null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "", 30)]
    [InlineData("30000000", "1", null)]
    public void The_time_limit_is_that_of_this_process(string? microseconds, string? process, int? seconds) =>
        Assert.Equal(
            seconds is { } number ? TimeSpan.FromSeconds(number) : (TimeSpan?)null,
            ServiceReports.ReadInterval(microseconds, process));

    [Fact]
    public void The_time_limit_may_name_this_process() => Assert.Equal(
        TimeSpan.FromSeconds(1),
        ServiceReports.ReadInterval("1000000", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));

    private ServiceManager Connect()
    {
        string path = Path.Combine(_directory.FullName, "notify");
        _manager.Bind(new UnixDomainSocketEndPoint(path));
        return ServiceManager.Connect(path, NullLogger.Instance);
    }

    private List<string> Told()
    {
        List<string> told = [];
        byte[] buffer = new byte[4096];
        while (_manager.Poll(0, SelectMode.SelectRead))
        {
            told.Add(Encoding.UTF8.GetString(buffer.AsSpan(0, _manager.Receive(buffer))));
        }

        return told;
    }
}
