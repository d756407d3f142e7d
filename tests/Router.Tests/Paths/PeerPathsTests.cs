using System;
using System.Linq;
using System.Threading;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Paths;
using Overlay.Testing;
using Xunit;

namespace Overlay.Router.Tests.Paths;

public sealed class PeerPathsTests
{
    private static readonly Ipv4Address s_peer = Peer(7);
    private static readonly Ipv4Address s_other = Peer(8);

    private readonly ManualTime _time = new();
    private readonly PeerPaths _paths;

    public PeerPathsTests() => _paths = new PeerPaths(_time);

    [Fact]
    public void Of_a_peer_that_was_never_reported_nothing_is_known()
    {
        Assert.True(_paths.Current.IsEmpty);
        Assert.Equal(PeerPath.Unknown, _paths.Current.Find(s_peer, _paths.Now));
        Assert.True(PeerPath.Unknown is { Mtu: 65_535, TakesTrains: true });
    }

    [Fact]
    public void What_is_reported_of_one_peer_adds_up_and_is_not_known_of_another()
    {
        _paths.ReportMtu(s_peer, 1400);
        _paths.ReportNoTrains(s_peer, Errno.EIO);
        _paths.ReportMtu(s_peer, 1300);

        PeerPath path = _paths.Current.Find(s_peer, _paths.Now);
        Assert.Equal((s_peer, 1300, false), (path.Peer, path.Mtu, path.TakesTrains));
        Assert.Equal(PeerPath.Unknown, _paths.Current.Find(s_other, _paths.Now));
        Assert.Single(_paths.Current.Paths);
    }

    [Theory]
    [InlineData(-1, 552)]
    [InlineData(0, 552)]
    [InlineData(551, 552)]
    [InlineData(552, 552)]
    [InlineData(553, 553)]
    public void Less_than_552_bytes_is_not_believed(int reported, int expected)
    {
        _paths.ReportMtu(s_peer, reported);
        Assert.Equal(expected, _paths.Current.Find(s_peer, _paths.Now).Mtu);
    }

    [Fact]
    public void A_path_is_forgotten_ten_minutes_after_the_last_report()
    {
        _paths.ReportNoTrains(s_peer, Errno.EIO);
        _time.Advance(TimeSpan.FromMinutes(9));
        _paths.ReportNoTrains(s_peer, Errno.EIO);
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        Assert.False(_paths.Current.Find(s_peer, _paths.Now).TakesTrains);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(PeerPath.Unknown, _paths.Current.Find(s_peer, _paths.Now));
        _paths.ReportMtu(s_peer, 1400);
        Assert.True(_paths.Current.Find(s_peer, _paths.Now).TakesTrains);
    }

    [Fact]
    public void Only_a_change_is_news_and_a_repetition_prolongs_only_in_the_second_half_of_the_lifetime()
    {
        Assert.True(_paths.ReportMtu(s_peer, 1400));
        PeerPaths.Snapshot first = _paths.Current;
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.False(_paths.ReportMtu(s_peer, 1400));
        Assert.Same(first, _paths.Current);
        Assert.True(_paths.ReportMtu(s_peer, 1300));
        Assert.True(_paths.ReportNoTrains(s_peer, Errno.EIO));
        Assert.False(_paths.ReportNoTrains(s_peer, Errno.EIO));

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(_paths.ReportMtu(s_peer, 1300));
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(1300, _paths.Current.Find(s_peer, _paths.Now).Mtu);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_paths.ReportMtu(s_peer, 1300));
    }

    [Fact]
    public void Expired_paths_go_with_the_next_report()
    {
        _paths.ReportNoTrains(s_peer, Errno.EIO);
        _time.Advance(TimeSpan.FromMinutes(10));
        _paths.ReportNoTrains(s_other, Errno.EIO);
        Assert.Equal(s_other, Assert.Single(_paths.Current.Paths).Peer);
    }

    [Fact]
    public void Forged_reports_make_it_forget_the_oldest_and_never_grow_beyond_1024()
    {
        for (int peer = 1; peer <= 1100; peer++)
        {
            _paths.ReportMtu(Peer(peer), 1000);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(Enumerable.Range(77, 1024).Select(Peer), _paths.Current.Paths.Select(path => path.Peer));
        Assert.Equal(PeerPath.Unknown, _paths.Current.Find(Peer(76), _paths.Now));
        Assert.Equal(1000, _paths.Current.Find(Peer(1100), _paths.Now).Mtu);
    }

    [Fact]
    public void Reports_of_several_threads_are_all_kept()
    {
        const int Threads = 4;
        const int Peers = 200;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            for (int i = 0; i < Peers; i++)
            {
                _paths.ReportMtu(Peer((number * Peers) + i), 1000 + number);
                _paths.ReportNoTrains(Peer((number * Peers) + i), Errno.EIO);
            }
        }) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(60))));

        Assert.Equal(Threads * Peers, _paths.Current.Paths.Count);
        Assert.All(
            _paths.Current.Paths,
            path => Assert.Equal((1000 + ((int)path.Peer.Value / Peers), false), (path.Mtu, path.TakesTrains)));
    }

    private static Ipv4Address Peer(int number) => new((uint)number);
}
