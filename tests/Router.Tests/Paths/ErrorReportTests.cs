using System;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Paths;

/// <summary>Error reports about one peer, as many as a stream to it brings, do not affect other peers.</summary>
public abstract class ErrorReportTests(RigEngine engine)
{
    private const int OfOneTrain = 46, OfALongFlood = 10_000;

    [Theory]
    [InlineData(Errno.ECONNREFUSED, 0, OfOneTrain)]
    [InlineData(Errno.ECONNREFUSED, 0, 200)]
    [InlineData(Errno.EHOSTUNREACH, 0, OfALongFlood)]
    [InlineData(Errno.EMSGSIZE, 1300, OfOneTrain)]
    [InlineData(Errno.EMSGSIZE, 1300, 200)]
    [InlineData(Errno.EMSGSIZE, 1300, OfALongFlood)]
    public void However_many_wait_about_one_peer_another_ones_packets_go_as_ever(Errno errno, int mtu, int reports)
    {
        using var rig = new Rig(engine);
        Report(rig, errno, mtu, reports);
        rig.Send([.. Enumerable.Range(0, 5).Select(i => Ipv4(OurPod, PeerPod, payload: new byte[100], id: (ushort)i))]);

        Assert.Equal(Enumerable.Range(0, 5), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(0, rig.Outbound.Dropped());
        Assert.Equal(0, rig.Outbound.Seen(CountedEvent.TrainRefused));
        Assert.Equal(PeerPath.Unknown, rig.Paths.Current.Find(PeerAddress, rig.Paths.Now));
        Assert.Equal(mtu == 0 ? 0 : 1, rig.Paths.Current.Paths.Count);
        Assert.Empty(rig.Port.Errors);
    }

    [Theory]
    [InlineData(Errno.ECONNREFUSED, 0, 200)]
    [InlineData(Errno.ECONNREFUSED, 0, OfALongFlood)]
    [InlineData(Errno.EMSGSIZE, 1300, OfALongFlood)]
    public void However_many_wait_what_arrived_is_received_and_the_direction_goes_on(Errno errno, int mtu, int reports)
    {
        using var rig = new Rig(engine);
        Report(rig, errno, mtu, reports);
        rig.Receive(Ipv4(PeerPod, OurPod));

        Assert.Single(rig.Tun.Written);
        Assert.Empty(rig.Port.Errors);
    }

    [Fact]
    public void One_MTU_reported_many_times_is_learned_once_and_nothing_is_made_anew_for_it()
    {
        using var rig = new Rig(engine);
        Report(rig, Errno.EMSGSIZE, 1300, 1);
        rig.Send(Ipv4(OurPod, PeerPod));
        PeerPaths.Snapshot learned = rig.Paths.Current;
        Assert.Equal(1300, Assert.Single(learned.Paths).Mtu);
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.PathMtuLearned));

        Report(rig, Errno.EMSGSIZE, 1300, OfOneTrain);
        rig.Send(Ipv4(OurPod, PeerPod));
        Assert.Equal(1, rig.Outbound.Seen(CountedEvent.PathMtuLearned));
        Assert.Same(learned, rig.Paths.Current);
    }

    [Fact]
    public void On_a_known_narrow_path_what_may_be_fragmented_is_not_refused_first_and_is_no_news()
    {
        using var rig = new Rig(engine);
        rig.Port.PathMtus[PeerAddress] = 1300;
        rig.Port.Refuse = (destination, _) => destination == PeerAddress ? Errno.EMSGSIZE : Errno.None;
        rig.Paths.ReportMtu(PeerAddress, 1300);
        PeerPaths.Snapshot known = rig.Paths.Current;
        rig.Time.Advance(TimeSpan.FromMinutes(4));

        for (int i = 0; i < 30; i += 3)
        {
            rig.Send(
                Ipv4(OurPod, OtherPeerPod, payload: new byte[40], id: (ushort)i),
                Ipv4(OurPod, PeerPod, payload: new byte[1_300], id: (ushort)(i + 1), fragment: 0),
                Ipv4(OurPod, OtherPeerPod, payload: new byte[40], id: (ushort)(i + 2)));
        }

        Assert.Equal(Enumerable.Range(0, 30), rig.Port.Sent.Select(sent => (int)sent.Payload[5]));
        Assert.Equal(10, rig.Port.SentInFragments);
        Assert.Equal(30, rig.Port.SendCalls);
        Assert.Equal(0, rig.Outbound.Seen(CountedEvent.PathMtuLearned));
        Assert.Equal(0, rig.Outbound.Dropped());
        Assert.Equal(30, rig.Outbound.ForwardedPackets);
        Assert.Same(known, rig.Paths.Current);
    }

    [Fact]
    public void A_datagram_in_fragments_goes_although_reports_about_another_peer_wait()
    {
        using var rig = new Rig(engine);
        rig.Paths.ReportMtu(PeerAddress, 1300);
        Report(rig, Errno.ECONNREFUSED, 0, 200);
        rig.Send(Ipv4(OurPod, PeerPod, payload: new byte[1_300], fragment: 0));

        Assert.Equal(1, rig.Port.SentInFragments);
        Assert.Equal(0, rig.Outbound.Dropped());
    }

    [Fact]
    public void A_report_about_an_address_that_is_no_peers_is_read_and_not_believed()
    {
        using var rig = new Rig(engine);
        rig.Paths.ReportMtu(PeerAddress, 1300);
        PeerPaths.Snapshot known = rig.Paths.Current;
        for (uint i = 0; i < 2_000; i++)
        {
            rig.Port.Report(new DatagramError(Address("203.0.113.0") + i, Errno.EMSGSIZE, 600));
            rig.Port.Report(new DatagramError(Address("203.0.113.0") + i, Errno.ECONNREFUSED, 0));
        }

        rig.Send(Ipv4(OurPod, OtherPeerPod));
        Assert.Single(rig.Port.Sent);
        Assert.Empty(rig.Port.Errors);
        Assert.Same(known, rig.Paths.Current);
        Assert.Equal(0, rig.Outbound.Seen(CountedEvent.PathMtuLearned));
        Assert.Equal(0, rig.Outbound.Seen(CountedEvent.PeerUnreachable));
    }

    private static void Report(Rig rig, Errno errno, int mtu, int count)
    {
        for (int i = 0; i < count; i++)
        {
            rig.Port.Report(new DatagramError(OtherPeerAddress, errno, mtu));
        }
    }
}

public sealed class ClassicErrorReportTests() : ErrorReportTests(RigEngine.Classic);

public sealed class BatchErrorReportTests() : ErrorReportTests(RigEngine.Batch);

public sealed class OffloadErrorReportTests() : ErrorReportTests(RigEngine.Offload);

public sealed class PipelineErrorReportTests() : ErrorReportTests(RigEngine.Pipeline);
