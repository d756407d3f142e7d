using System;
using Overlay.Daemon.Backends.Udp;
using Overlay.Linux;
using Overlay.Router.Paths;
using Overlay.Router.Workers;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class AccelerationReportTests
{
    private readonly ManualTime _time = new();
    private readonly LineLog _log = new();
    private readonly Accelerations _accelerations = new();
    private readonly PeerPaths _paths;
    private readonly AccelerationReport _report;

    public AccelerationReportTests()
    {
        _paths = new PeerPaths(_time);
        _report = new AccelerationReport(_accelerations, _paths, _log);
    }

    [Fact]
    public void An_acceleration_that_is_lost_is_reported_once_with_its_reason()
    {
        _accelerations.SetOn(Acceleration.Mmsg);
        _report.LogLosses();
        Assert.Empty(_log.Lines);

        _accelerations.SwitchOff(Acceleration.Mmsg, Errno.EPERM);
        _report.LogLosses();
        _report.LogLosses();
        Assert.Equal(
            ["acceleration mmsg is switched_off: EPERM (Operation not permitted); packets go without it"], _log.Lines);
    }

    [Fact]
    public void Each_worse_path_is_reported_once_and_again_when_it_has_become_another()
    {
        _paths.ReportMtu(Address("172.16.0.4"), 1300);
        _report.LogLosses();
        _report.LogLosses();
        _paths.ReportNoTrains(Address("172.16.0.7"), Errno.EIO);
        _paths.ReportNoTrains(Address("172.16.0.4"), Errno.EINVAL);
        _report.LogLosses();
        _time.Advance(TimeSpan.FromMinutes(10)); // forgotten, and the same again
        _paths.ReportNoTrains(Address("172.16.0.7"), Errno.EIO);
        _report.LogLosses();

        Assert.Equal(
            [
                "path to 172.16.0.4: it takes at most 1300 bytes a packet; it takes trains (overlay counters has all "
                    + "paths)",
                "path to 172.16.0.4: it takes at most 1300 bytes a packet; the kernel takes no trains to it, so "
                    + "packets go one by one: "
                    + "EINVAL (Invalid argument) (overlay counters has all paths)",
                "path to 172.16.0.7: the kernel takes no trains to it, so packets go one by one: "
                    + "EIO (Input/output error) (overlay counters has all paths)",
            ],
            _log.Lines);
    }
}
