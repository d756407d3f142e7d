using System;
using Overlay.Capture.Packets;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lab.Tests;

public sealed class EchoRequestTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(64)]
    public void A_written_echo_request_reads_back_over_a_dirty_buffer(int length)
    {
        byte[] message = new byte[length];
        Array.Fill(message, (byte)0xdb);

        EchoRequest.Write(message, 1536, 65535);

        byte[] packet = PacketBuilder.Ipv4(
            Ipv4Address.Parse("10.0.0.1"), Ipv4Address.Parse("10.0.0.2"), protocol: IpProtocols.Icmp, payload: message);
        PacketHeaders headers = new PacketDecoder().Decode(LinkType.Ipv4, packet, packet.Length).Outer;
        Assert.Equal((ChecksumState.Good, length), (headers.TransportChecksum, headers.MessageLength));
        Assert.Equal((IcmpMessage.EchoRequest, (byte)0), (headers.Icmp.Type, headers.Icmp.Code));
        Assert.Equal(((ushort)1536, (ushort)65535), (headers.Icmp.Identifier, headers.Icmp.Sequence));
    }
}
