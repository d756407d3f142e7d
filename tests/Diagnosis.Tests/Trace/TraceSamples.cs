using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Diagnosis.Trace;
using Overlay.Net;
using Overlay.Testing;

namespace Overlay.Diagnosis.Tests.Trace;

/// <summary>
/// What would be seen of the ping of the literature's frames 59 and 60, at every stop: those two on the wire, and
/// around them what the kernel makes of the packet inside.
/// </summary>
internal static class TraceSamples
{
    internal const string Own = "172.16.0.5";
    internal const string Other = "172.16.0.4";
    internal const ushort Sequence = 32;
    internal const long Start = 1_528_098_443_058_527_000;

    private const int PacketBytes = SeedFrames.FrameBytes - SeedFrames.UdpEnd;
    private const int TimeToLiveOffset = 8;

    private static readonly byte[] s_pod =
        [0x0a, 0x58, 0x0a, 0xf4, 0x01, 0x01, 0x0a, 0x58, 0x0a, 0xf4, 0x01, 0x0e, 0x08, 0x00];

    internal static Ipv4Address Pod { get; } = Ipv4Address.Parse("10.244.1.14");

    internal static Ipv4Address OtherPod { get; } = Ipv4Address.Parse("10.244.0.6");

    /// <summary>Every place of both hosts, in the order of a request's way.</summary>
    internal static IReadOnlyList<TracePoint> Points { get; } =
    [
        .. Host(Own, isOwn: true), .. Host(Other, isOwn: false).Reverse(),
    ];

    /// <summary>One packet at every place, 10 µs apart.</summary>
    internal static IEnumerable<Sighting> Request => Points.Select((point, index) => At(
        point, TraceWay.Request, index * 10_000, TimesToLive[index]));

    internal static IEnumerable<Sighting> Reply => Points.Reverse().Select((point, index) => At(
        point, TraceWay.Reply, 200_000 + (index * 10_000), TimesToLive[index]));

    private static int[] TimesToLive { get; } = [64, 64, 64, 63, 62, 62, 62, 61, 61, 60, 60, 60];

    /// <summary>The tour of what was seen.</summary>
    internal static Tour Tour(IEnumerable<Sighting> seen, bool isDelivered = false) =>
        Diagnosis.Trace.Tour.Of(Points, seen, new PacketDecoder(), isDelivered);

    /// <summary>The report of it.</summary>
    internal static TraceReport Report(Tour tour, string source = "pod 10.244.1.14 (eth0 of netns pod-1)") => new(
        source, Pod, OtherPod, Own, Ipv4Address.Parse(Other), IsOtherSeen: true, tour,
        TraceConclusion.Of(tour, Pod, OtherPod, refusal: null), []);

    /// <summary>One packet at one place.</summary>
    internal static Sighting At(TracePoint point, TraceWay way, long nanoseconds, int timeToLive)
    {
        byte[] frame = way == TraceWay.Request ? SeedFrames.Frame59() : SeedFrames.Frame60();
        byte[] packet = frame[SeedFrames.UdpEnd..];
        packet[TimeToLiveOffset] = (byte)timeToLive;
        PacketBuilder.FixHeaderChecksum(packet);
        byte[] bytes = point.Kind switch
        {
            StopKind.Underlay => frame,
            StopKind.Tunnel or StopKind.Daemon => packet,
            _ => [.. s_pod, .. packet],
        };
        return new Sighting(point, way, Sequence, Start + nanoseconds, IsOutgoing: true, bytes, bytes.Length);
    }

    /// <summary>The word by which the ping is known: the first of its data.</summary>
    internal static uint Mark => BinaryPrimitives.ReadUInt32BigEndian(
        SeedFrames.Frame59().AsSpan(SeedFrames.FrameBytes - PacketBytes + 28));

    private static IEnumerable<TracePoint> Host(string name, bool isOwn) =>
    [
        new(name, isOwn, StopKind.Pod, "eth0", LinkType.Ethernet),
        new(name, isOwn, StopKind.Veth, "veth43b57597", LinkType.Ethernet),
        new(name, isOwn, StopKind.Bridge, "cni0", LinkType.Ethernet),
        new(name, isOwn, StopKind.Tunnel, "flannel0", LinkType.Raw),
        new(name, isOwn, StopKind.Daemon, "overlay", LinkType.Raw),
        new(name, isOwn, StopKind.Underlay, "eth0", LinkType.Ethernet),
    ];
}
