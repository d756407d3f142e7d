using System;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Diagnosis.Trace;
using Overlay.Testing;
using Xunit;

namespace Overlay.Diagnosis.Tests.Trace;

public sealed class TourTests
{
    [Fact]
    public void Sightings_in_any_order_become_the_way_there_and_back()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Sighting[] seen = [.. TraceSamples.Request, .. TraceSamples.Reply];
        new Random(seed).Shuffle(seen);
        Tour tour = TraceSamples.Tour(seen, isDelivered: true);

        Assert.Equal(TraceSamples.Points, tour.Of(TraceWay.Request).Select(stop => stop.Seen.Point));
        Assert.Equal(TraceSamples.Points.Reverse(), tour.Of(TraceWay.Reply).Select(stop => stop.Seen.Point));
        Assert.Equal(Enumerable.Range(1, 24), tour.Stops.Select(stop => stop.Number));
        Assert.Equal(0, tour.Stops[0].Microseconds);
        Assert.All(tour.Stops.Skip(1).Where(stop => stop.Number != 13), stop => Assert.Equal(10, stop.Microseconds));
        Assert.Equal(90, tour.Stops[12].Microseconds);
        Assert.Equal(310_000, tour.RoundTripNanoseconds);
        Assert.Equal("answered after 310.0 µs, 24 stops seen", TraceSamples.Report(tour).Conclusion.Meaning);
        Assert.Empty(tour.Unseen(TraceWay.Request));
    }

    [Fact]
    public void Each_stop_has_the_headers_that_were_there()
    {
        Tour tour = TraceSamples.Tour(TraceSamples.Request);
        TraceStop pod = tour.Stops[0];
        Assert.Equal("0a:58:0a:f4:01:0e > 0a:58:0a:f4:01:01", TraceText.Addresses(pod.Packet.Link));
        Assert.Equal((98, (byte?)64), (pod.Seen.WireLength, TraceText.TimeToLive(pod)));
        TraceStop tunnel = tour.Stops[3];
        Assert.Equal("", TraceText.Addresses(tunnel.Packet.Link));
        Assert.Equal((84, (byte?)63), (tunnel.Seen.WireLength, TraceText.TimeToLive(tunnel)));
        TraceStop wire = tour.Stops[5];
        Assert.Equal("00:0d:3a:a3:fa:d5 > 12:34:56:78:9a:bc", TraceText.Addresses(wire.Packet.Link));
        Assert.Equal((126, (byte?)62), (wire.Seen.WireLength, TraceText.TimeToLive(wire)));
        Assert.Equal("in 172.16.0.5.8285 > 172.16.0.4.8285: UDP, ttl 64, DF", TraceText.Carrier(wire));
    }

    [Fact]
    public void A_vxlan_frame_names_its_network_and_its_bytes()
    {
        TracePoint wire = TraceSamples.Points[5];
        byte[] frame = SeedFrames.Frame7();
        Tour tour = TraceSamples.Tour([new Sighting(wire, TraceWay.Request, 103, 0, true, frame, frame.Length)]);
        Assert.Equal(
            "in 172.16.0.5.38330 > 172.16.0.4.8472: UDP, VXLAN vni 1, ttl 64", TraceText.Carrier(tour.Stops[0]));
        Assert.Equal((byte?)63, TraceText.TimeToLive(tour.Stops[0]));
        Assert.EndsWith("overhead 50 B   (udp: 28 B)", TraceText.Sizes(tour), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        3, "bridge cni0 of 172.16.0.5 (this host); it does not come to tunnel flannel0 of 172.16.0.5 (this host)",
        "overlay doctor --trace 10.244.0.6")]
    [InlineData(
        7, "underlay eth0 of 172.16.0.4; it does not come to daemon overlay of 172.16.0.4",
        "on 172.16.0.4: overlay doctor --trace 10.244.1.14")]
    public void A_request_that_is_lost_was_last_seen_somewhere(int stops, string meaning, string command)
    {
        TraceConclusion end = TraceSamples.Report(TraceSamples.Tour(TraceSamples.Request.Take(stops))).Conclusion;
        Assert.False(end.IsAnswered);
        Assert.Equal($"the request was last seen at {meaning}", end.Meaning);
        Assert.Equal(["overlay ping 10.244.0.6 --explain", command], end.Commands);
    }

    [Fact]
    public void A_reply_that_is_lost_or_never_sent_or_not_delivered_is_told_apart()
    {
        string Meaning(int replies) => TraceSamples.Report(TraceSamples.Tour(
            TraceSamples.Request.Concat(TraceSamples.Reply.Take(replies)))).Conclusion.Meaning;
        Assert.Equal(
            "the request has come to pod eth0 of 172.16.0.4, and no reply is seen there", Meaning(0));
        Assert.StartsWith(
            "the reply was last seen at veth veth43b57597 of 172.16.0.4", Meaning(2), StringComparison.Ordinal);
        Assert.Equal(
            "the reply has come to pod eth0 of 172.16.0.5 (this host), and its kernel does not deliver it",
            Meaning(12));
    }

    [Fact]
    public void A_host_that_cannot_be_seen_is_not_said_to_have_lost_anything()
    {
        TracePoint[] own = [.. TraceSamples.Points.Where(point => point.IsOwnHost)];
        var tour = Tour.Of(own, TraceSamples.Request.Take(6), new PacketDecoder(), isDelivered: false);
        TraceConclusion end = TraceSamples.Report(tour).Conclusion;
        Assert.Equal(
            "the request has left by underlay eth0 of 172.16.0.5 (this host), and nothing comes back", end.Meaning);
        Assert.Contains("on the other host: overlay trace 10.244.1.14 --from 10.244.0.6", end.Commands);
    }

    [Fact]
    public void A_drop_of_the_daemon_and_a_translated_address_stand_out()
    {
        Sighting dropped = TraceSamples.At(TraceSamples.Points[4], TraceWay.Request, 40_000, 63) with
        {
            Drop = "no_route",
        };
        Tour tour = TraceSamples.Tour([.. TraceSamples.Request.Take(4), dropped]);
        Assert.Equal(["dropped: no_route"], tour.Stops[4].Notes);
        Assert.Equal(
            "the daemon of 172.16.0.5 drops the request: no_route", TraceSamples.Report(tour).Conclusion.Meaning);

        Sighting tunnel = TraceSamples.At(TraceSamples.Points[3], TraceWay.Request, 30_000, 63);
        byte[] changed = tunnel.Bytes.ToArray();
        changed[15] = 1; // 10.244.1.1
        tour = TraceSamples.Tour([.. TraceSamples.Request.Take(3), tunnel with { Bytes = changed }]);
        Assert.Equal(
            ["its source is 10.244.1.1 now: a rule translates it (MASQUERADE or SNAT)"], tour.Stops[3].Notes);
    }

    [Fact]
    public void What_a_packet_has_passed_unseen_is_between_two_places_that_have_seen_it()
    {
        Tour tour = TraceSamples.Tour(TraceSamples.Request.Where((_, index) => index is not (0 or 3 or 4 or 11)));
        Assert.Equal(
            [StopKind.Tunnel, StopKind.Daemon], tour.Unseen(TraceWay.Request).Select(point => point.Kind));
    }

    [Fact]
    public void Of_a_place_that_has_seen_a_packet_twice_the_first_time_counts()
    {
        Sighting again = TraceSamples.At(TraceSamples.Points[0], TraceWay.Request, 5_000_000, 64);
        Tour tour = TraceSamples.Tour([again, .. TraceSamples.Request]);
        Assert.Equal(12, tour.Stops.Count);
        Assert.Equal(TraceSamples.Start, tour.Stops[0].Seen.Nanoseconds);
    }
}
