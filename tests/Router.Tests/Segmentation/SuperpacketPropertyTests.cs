using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Overlay.Router.Segmentation;
using Overlay.Testing;
using Xunit;

namespace Overlay.Router.Tests.Segmentation;

/// <summary>
/// Random superpackets, cut and compared with a slow oracle; random contradictions, judged by the rules once more.
/// </summary>
public sealed class SuperpacketPropertyTests(ITestOutputHelper output)
{
    [Fact]
    public void Thirty_thousand_random_superpackets_become_the_segments_the_RFCs_describe()
    {
        (int seed, Random random) = Seed();
        long segments = 0;
        for (int round = 0; round < 30_000; round++)
        {
            (byte[] packet, int segmentBytes) = Next(random, round % 500 == 0 ? 65_000 : 4_000);
            VirtioNetHeader header = SegmentOracle.Describe(packet, segmentBytes);
            header = header with { HasEcn = header.Type == SegmentationType.TcpV4 && random.Next(4) == 0 };
            segments += SegmentOracle.Segments(packet, segmentBytes).Count;
            SegmentOracle.AssertCutsRight(packet, header, $"seed {seed}, round {round}");
        }

        output.WriteLine($"{segments} segments");
    }

    [Fact]
    public void Of_two_hundred_thousand_mutated_superpackets_exactly_those_without_contradiction_are_taken()
    {
        (int seed, Random random) = Seed();
        int taken = 0;
        int refused = 0;
        byte[] buffer = new byte[60 + 60]; // an IPv4 and a TCP header with every option
        for (int round = 0; round < 200_000; round++)
        {
            (byte[] packet, int segmentBytes) = Next(random, 200);
            VirtioNetHeader header = SegmentOracle.Describe(packet, segmentBytes);
            for (int mutations = random.Next(3); mutations > 0; mutations--)
            {
                (packet, header) = Mutate(random, packet, header);
            }

            if (Ipv4Header.Parse(packet, out Ipv4Header ip) != DropReason.None)
            {
                continue;
            }

            DropReason verdict = Superpacket.Parse(header, ip, packet.Length, out Superpacket superpacket);
            bool isGood = Agrees(packet, header);
            if (verdict != (isGood ? DropReason.None : DropReason.BadSuperpacket))
            {
                Assert.Fail($"seed {seed}, round {round}: {verdict} for {header} {Convert.ToHexString(packet)}");
            }

            if (isGood)
            {
                taken++;
                var headers = new SegmentHeaders(superpacket);
                headers.Write(0, buffer);
                headers.Write(superpacket.Count - 1, buffer);
            }
            else
            {
                refused++;
            }
        }

        output.WriteLine($"{taken} taken, {refused} refused");
        Assert.True(taken > 20_000 && refused > 20_000, $"seed {seed}: {taken} taken, {refused} refused");
    }

    private (int Seed, Random Random) Seed()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        return (seed, new Random(seed));
    }

    private static (byte[] Packet, int SegmentBytes) Next(Random random, int longest)
    {
        int segmentBytes = random.Next(4) switch
        {
            0 => random.Next(1, 100),
            1 => random.Next(1, 65_536),
            _ => random.Next(100, 1_461),
        };
        byte[] payload = new byte[random.Next(1, Math.Min(longest, 64 * segmentBytes) + 1)];
        random.NextBytes(payload);
        if (random.Next(20) == 0)
        {
            Array.Fill(payload, (byte)0xFF);
        }

        var source = new Ipv4Address((uint)random.NextInt64(1L << 32));
        var destination = new Ipv4Address((uint)random.NextInt64(1L << 32));
        ushort id = (ushort)random.Next(65_536);
        byte ttl = (byte)random.Next(256);
        ushort fragment = random.Next(2) == 0 ? (ushort)0x4000 : (ushort)0;
        byte typeOfService = (byte)random.Next(256);
        ushort[] ports = [(ushort)random.Next(65_536), (ushort)random.Next(65_536), (ushort)random.Next(65_536)];
        byte[] packet = random.Next(3) == 0
            ? PacketBuilder.UdpPacket(
                source, destination, ports[0], ports[1], payload, id, ttl, fragment, typeOfService)
            : PacketBuilder.TcpPacket(
                source, destination, ports[0], ports[1],
                (uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32), (byte)random.Next(256), payload,
                Options(random), ports[2], id, ttl, fragment, typeOfService, Options(random));
        return (packet, segmentBytes);
    }

    private static byte[] Options(Random random)
    {
        byte[] options = new byte[random.Next(2) == 0 ? 0 : 4 * random.Next(11)];
        random.NextBytes(options);
        return options;
    }

    private static (byte[] Packet, VirtioNetHeader Header) Mutate(Random random, byte[] packet, VirtioNetHeader header)
    {
        switch (random.Next(9))
        {
            case 0: return (
                packet, header with { NeedsChecksum = random.Next(2) == 0, HasReceiveInfo = random.Next(2) == 0 });
            case 1: return (packet, header with { Type = (SegmentationType)random.Next(7) });
            case 2: return (packet, header with { HasEcn = true });
            case 3: return (packet, header with { SegmentBytes = (ushort)random.Next(3) });
            case 4: return (packet, header with { ChecksumStart = (ushort)random.Next(15, 65) });
            case 5: return (packet, header with { ChecksumOffset = (ushort)(random.Next(2) == 0 ? 6 : 16) });
            case 6: // longer or shorter than its total length says, or by its total length
                Array.Resize(ref packet, random.Next(20, packet.Length + 3));
                if (random.Next(4) != 0)
                {
                    packet[2] = (byte)(packet.Length >> 8);
                    packet[3] = (byte)packet.Length;
                }

                return (packet, header);
            case 7:
                packet[random.Next(Math.Min(packet.Length, 40))] ^= (byte)(1 << random.Next(8));
                return (packet, header);
            default:
                packet[9] = random.Next(2) == 0 ? PacketBuilder.Tcp : PacketBuilder.Udp;
                return (packet, header);
        }
    }

    // The rules once more, in no order that could be shared with the product.
    private static bool Agrees(byte[] packet, VirtioNetHeader header)
    {
        int ip = (packet[0] & 15) * 4;
        int total = (packet[2] << 8) + packet[3];
        bool isFragment = packet[7] != 0 || (packet[6] & 0b0011_1111) != 0;
        int dataOffset = packet.Length > ip + 12 ? packet[ip + 12] >> 4 : 0;
        bool isTcp = header.Type == SegmentationType.TcpV4 && packet[9] == 6 && header.ChecksumOffset == 16
            && dataOffset >= 5 && total > ip + (4 * dataOffset);
        bool isUdp = header.Type == SegmentationType.UdpL4 && packet[9] == 17 && header.ChecksumOffset == 6
            && !header.HasEcn && total > ip + 8;
        return (isTcp || isUdp) && !isFragment && total == packet.Length
            && header.ChecksumStart == ip && header.SegmentBytes > 0
            && header.NeedsChecksum && !header.HasReceiveInfo;
    }
}
