using System;
using System.Buffers.Binary;
using Overlay.Capture.Packets;
using Overlay.Diagnosis.Trace;
using Overlay.Testing;
using Xunit;

namespace Overlay.Diagnosis.Tests.Trace;

public sealed class TracePingTests
{
    private readonly PacketDecoder _decoder = new();
    private readonly TracePing _ping = new(1536, TraceSamples.Mark);

    [Fact]
    public void Request_and_reply_are_known_again_as_they_are_and_in_both_encapsulations()
    {
        byte[] request = SeedFrames.Frame59();
        Assert.Equal((TraceWay.Request, 32), Recognize(LinkType.Ethernet, request));
        Assert.Equal((TraceWay.Reply, 32), Recognize(LinkType.Ethernet, SeedFrames.Frame60()));
        Assert.Equal((TraceWay.Request, 32), Recognize(LinkType.Raw, request[SeedFrames.UdpEnd..]));

        byte[] vxlan = SeedFrames.Frame7();
        BinaryPrimitives.WriteUInt32BigEndian(vxlan.AsSpan(^56), TraceSamples.Mark);
        Assert.Equal((TraceWay.Request, 103), Recognize(LinkType.Ethernet, vxlan));
    }

    [Fact]
    public void Another_identifier_is_no_hindrance_but_another_mark_is()
    {
        byte[] frame = SeedFrames.Frame59();
        frame[SeedFrames.InnerEnd + 4] ^= 0xff; // the identifier, as address translation changes it
        Assert.Equal((TraceWay.Request, 32), Recognize(LinkType.Ethernet, frame));
        frame[^56] ^= 1;
        Assert.Null(Recognize(LinkType.Ethernet, frame));
    }

    [Fact]
    public void An_error_about_the_ping_is_known_by_what_it_quotes()
    {
        byte[] quoted = SeedFrames.Frame59()[SeedFrames.UdpEnd..];
        byte[] error = PacketBuilder.Ipv4(
            PacketBuilder.Address("172.16.0.4"), PacketBuilder.Address("10.244.1.14"), protocol: PacketBuilder.Icmp,
            payload: [3, 10, 0, 0, 0, 0, 0, 0, .. quoted]);
        Assert.Equal((TraceWay.Error, 32), Recognize(LinkType.Raw, error));
    }

    [Fact]
    public void What_is_sent_is_what_is_looked_for()
    {
        byte[] packet = PacketBuilder.Ipv4(
            PacketBuilder.Address("10.244.1.14"), PacketBuilder.Address("10.244.0.6"), protocol: PacketBuilder.Icmp,
            payload: _ping.Request(7));
        DecodedPacket decoded = _decoder.Decode(LinkType.Raw, packet, packet.Length);
        Assert.Equal(84, packet.Length);
        Assert.Equal(ChecksumState.Good, decoded.Outer.TransportChecksum);
        Assert.Equal((TraceWay.Request, 7), Recognize(LinkType.Raw, packet));
    }

    [Fact]
    public void Two_traces_do_not_know_each_others_pings()
    {
        byte[] packet = PacketBuilder.Ipv4(
            PacketBuilder.Address("10.244.1.14"), PacketBuilder.Address("10.244.0.6"), protocol: PacketBuilder.Icmp,
            payload: TracePing.Create().Request(7));
        Assert.Null(Recognize(LinkType.Raw, packet));
    }

    private (TraceWay, int)? Recognize(LinkType type, byte[] frame) =>
        _ping.Recognize(_decoder.Decode(type, frame, frame.Length), out ushort sequence) is { } way
            ? (way, sequence)
            : null;
}
