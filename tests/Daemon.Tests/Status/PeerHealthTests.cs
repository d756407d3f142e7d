using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Status;

public sealed class PeerHealthTests
{
    private static readonly Ipv4Address s_peer = Address("172.16.0.4");

    private readonly ManualTime _time = new();
    private readonly HealthBoard _board;
    private readonly PeerActivity _activity;
    private readonly PeerErrors _errors;
    private readonly PeerHealth _health;

    public PeerHealthTests()
    {
        _board = new HealthBoard(_time);
        _activity = new PeerActivity(_time);
        _errors = new PeerErrors(_time);
        _health = new PeerHealth(_board, _activity, _time);
    }

    [Theory]
    [InlineData(3, "peer-daemon-down")]
    [InlineData(9, "peer-firewall-prohibits")]
    [InlineData(10, "peer-firewall-prohibits")]
    [InlineData(13, "peer-firewall-prohibits")]
    [InlineData(1, "peer-unreachable")]
    [InlineData(0, "peer-unreachable")]
    public void What_icmp_says_of_a_peer_is_a_warning_until_it_is_old_or_the_daemon_is_heard(byte code, string name)
    {
        Report(code);
        Look();
        Assert.Equal([name], Codes());
        Assert.Equal("172.16.0.4", _board.ReadAll()[0].Subject);
        _time.Advance(TimeSpan.FromSeconds(5));
        Hear(1);
        Look();
        Assert.Equal(code == 3 ? [] : [name], Codes()); // one that sends may reject what we send all the same

        _time.Advance(TimeSpan.FromSeconds(5));
        Report(code);
        Look();
        Assert.Equal([name], Codes());
        _time.Advance(TimeSpan.FromSeconds(30));
        Look();
        Assert.Empty(Codes());
    }

    [Fact]
    public void What_is_no_error_of_the_network_about_a_peer_is_no_warning()
    {
        _errors.Report(new DatagramError(s_peer, Errno.EMSGSIZE, 1300, IcmpType: 3, IcmpCode: 4));
        _errors.Report(new DatagramError(s_peer, Errno.EPERM, 0, IsLocal: true));
        _errors.Report(new DatagramError(s_peer, Errno.EHOSTUNREACH, 0, IcmpType: 11));
        Look();
        Assert.Empty(Codes());
        Assert.Equal(1, _errors.CountOf(PeerErrorKind.FragmentationNeeded));
        Assert.Equal(0, _errors.CountOf(PeerErrorKind.Other));
    }

    [Fact]
    public void Errors_about_many_peers_make_room_for_each_other_when_they_are_old_and_are_counted_all_the_same()
    {
        for (uint i = 0; i < 4096; i++)
        {
            Report(3, new Ipv4Address(s_peer.Value + i));
        }

        var further = new Ipv4Address(s_peer.Value + 4096);
        Report(3, further);
        Assert.Equal((4096, 4097), (_errors.Read().Count, _errors.CountOf(PeerErrorKind.PortUnreachable)));
        _time.Advance(TimeSpan.FromSeconds(20));
        Report(3);
        _time.Advance(TimeSpan.FromSeconds(10));
        Report(3, further);
        Assert.Equal(
            [(s_peer, 2L), (further, 1L)],
            _errors.Read().OrderBy(error => error.Peer).Select(error => (error.Peer, error.Count)));
        Assert.Equal(4099, _errors.CountOf(PeerErrorKind.PortUnreachable));
    }

    [Fact]
    public void A_peer_that_is_sent_to_after_a_pause_has_not_been_silent_before()
    {
        Hear(0, sent: 1);
        _time.Advance(TimeSpan.FromSeconds(30));
        Hear(0, sent: 2);
        Assert.Equal(TimeSpan.FromSeconds(30), _time.GetUtcNow() - _activity.Find("172.16.0.4")!.SentSince);
        _time.Advance(TimeSpan.FromSeconds(31));
        Hear(0, sent: 2);
        Hear(0, sent: 3);
        Assert.Equal(_time.GetUtcNow(), _activity.Find("172.16.0.4")!.SentSince);
    }

    [Fact]
    public void Whatever_a_look_comes_upon_is_logged_once_and_the_next_look_comes()
    {
        var log = new LineLog();
        var progress = new WorkerProgress(_time, WorkerProgress.DefaultHungAfter);
        bool fails = true;
        progress.Watch(() => fails ? throw new ObjectDisposedException("ring") : []);
        _board.Raise(HealthCodes.PeerDaemonDown, "172.16.0.4", "nobody listens");
        _time.Advance(TimeSpan.FromMinutes(1));
        List<LogLine> kept = [];

        // Without a backend its counters fail in a way that nobody has thought of.
        var sampler = new Sampler(
            null!, _activity, _health, _board, progress, new HealthEvents(_board, kept.Add, log, _time), _time, log);
        _ = sampler.Look();
        _ = sampler.Look();
        Assert.Single(log.Lines, line => line.StartsWith("counters could not be looked at", StringComparison.Ordinal));
        Assert.Single(log.Lines, line => line.StartsWith("workers could not be looked at", StringComparison.Ordinal));
        Assert.Single(log.Lines, line => line.StartsWith("peer-daemon-down 172.16.0.4", StringComparison.Ordinal));
        fails = false;
        _ = sampler.Look();
        fails = true;
        _ = sampler.Look();
        Assert.Equal(2, log.Lines.Count(line => line.StartsWith("workers", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_thread_that_gets_no_further_is_an_error_until_it_does()
    {
        var log = new LineLog();
        var progress = new WorkerProgress(_time, TimeSpan.FromSeconds(10));
        WorkTurns turns = progress.Watch("firewall");
        var sampler = new Sampler(
            null!, _activity, _health, _board, progress, new HealthEvents(_board, _ => { }, log, _time), _time, log);
        turns.Begin();
        _ = sampler.Look();
        _time.Advance(TimeSpan.FromSeconds(9));
        _ = sampler.Look();
        Assert.Empty(_board.ReadAll());
        _time.Advance(TimeSpan.FromSeconds(2));
        _ = sampler.Look();
        HealthWarning hung = Assert.Single(_board.ReadAll());
        Assert.Equal((HealthCodes.WorkerHung, "firewall"), (hung.Code, hung.Subject));
        turns.End();
        _ = sampler.Look();
        Assert.Empty(_board.ReadAll());
    }

    [Fact]
    public void A_narrow_path_is_a_warning_while_it_is_known()
    {
        _health.Sample([], [new PathReport("172.16.0.4", 1300, true), new PathReport("172.16.0.5", 65_535, false)]);
        Assert.Equal(["peer-path-mtu"], Codes());
        Look();
        Assert.Empty(Codes());
    }

    [Fact]
    public void A_peer_was_last_heard_when_its_counter_grew()
    {
        Assert.Null(_activity.Find("172.16.0.4"));
        Hear(0, sent: 3);
        DateTimeOffset first = _time.GetUtcNow();
        Assert.Equal(new PeerTimes(null, first, first), _activity.Find("172.16.0.4"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Hear(2, sent: 3);
        DateTimeOffset heard = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(1));
        Hear(2, sent: 3);
        Assert.Equal(new PeerTimes(heard, first, null), _activity.Find("172.16.0.4"));
    }

    [Fact]
    public void Many_peers_are_looked_at_less_often() => Assert.Equal(
        [1, 1, 4, 30],
        new[] { 0, 256, 1024, 100_000 }.Select(peers => PeerActivity.PauseAfter(peers).TotalSeconds));

    [Fact]
    public void A_warning_that_is_shown_is_an_event_and_its_end_too()
    {
        List<string> written = [];
        using var log = new DaemonLog(_time, LogLevel.Information, line => written.Add(line.Text));
        var events = new HealthEvents(_board, log.Keep, log, _time);
        _board.Raise(HealthCodes.PeerDaemonDown, "172.16.0.4", "nobody listens");
        _board.Raise(HealthCodes.TunDown, "flannel0", "it is down");
        events.Sample();
        Assert.Empty(log.Journal.Read(0).Lines);
        _time.Advance(TimeSpan.FromSeconds(5));
        events.Sample();
        events.Sample();
        _board.Clear(HealthCodes.PeerDaemonDown);
        events.Sample();
        Assert.Equal(
            ["health_raised", "health_raised", "health_cleared"],
            log.Journal.Read(0).Lines.Select(line => line.Event));
        Assert.Equal(
            [
                "peer-daemon-down 172.16.0.4: nobody listens; start overlay or flanneld on the peer, with the same "
                    + "port",
                "peer-daemon-down 172.16.0.4 is over",
            ],
            written);
    }

    [Theory]
    [InlineData("peer-daemon-down")]
    [InlineData("tun-down")]
    public void A_warning_that_comes_and_goes_and_comes_is_folded_like_every_line(string name)
    {
        using var log = new DaemonLog(_time, LogLevel.Information, _ => { });
        var events = new HealthEvents(_board, log.Keep, log, _time);
        HealthCode code = HealthCodes.All.Single(each => each.Name == name);
        for (int i = 0; i < 10; i++)
        {
            _board.Raise(code, "172.16.0.4", "it is away");
            _time.Advance(TimeSpan.FromSeconds(5));
            events.Sample();
            _board.Clear(code);
            events.Sample();
        }

        log.Flush();
        IReadOnlyList<LogLine> lines = log.Journal.Read(0).Lines;
        Assert.Equal(8, lines.Count);
        Assert.Equal([7, 7], lines.Select(line => line.Repeated).Where(count => count > 0));
    }

    private void Report(byte code, Ipv4Address? peer = null) =>
        _errors.Report(new DatagramError(peer ?? s_peer, Errno.ECONNREFUSED, 0, IcmpType: 3, IcmpCode: code));

    private void Hear(long packets, long sent = 0) =>
        _activity.Sample([new PeerReport("172.16.0.4", sent, sent, packets, packets)]);

    private void Look() => _health.Sample(_errors.Read(), []);

    private string[] Codes() => [.. _board.ReadAll().Select(warning => warning.Code.Name)];
}
