using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Offloads;

/// <summary>
/// One unfinished packet goes to two kernels: one forwards it to a device without offloads, cutting and completing it
/// itself; the other to a real daemon. What the daemon puts on the wire is, byte for byte, what the first kernel made.
/// </summary>
public sealed class WireEqualityTests(WireBenches benches) : LabTest, IClassFixture<WireBenches>
{
    private const byte Fin = 0x01, Push = 0x08, Ack = 0x10, Echo = 0x40, Reduced = 0x80;
    private const int HopsOfTheKernel = 1, HopsOfTheDaemon = 2; // its host's kernel and itself
    private const ushort DontFragment = 0x4000;

    private static readonly byte[] s_timestamps = [1, 1, 8, 10, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0];

    // Name, packet as one, segment's payload, the ECN mark. A segment of 0 is a packet that is only to be completed.
    private static readonly (string Name, Func<byte[]> Packet, int SegmentBytes, bool HasEcn)[] s_cases =
    [
        ("tcp, DF, timestamps, a full last one", () => Tcp(40 * 1400, Ack, s_timestamps), 1400, false),
        ("tcp, no DF, IDs and sequence past their ends", () => Tcp(
            50_000, Ack, [], id: 0xFFF0, fragment: 0, sequence: 0xFFFF_F000), 1432, false),
        ("tcp, odd segments, PSH and FIN, a short last one", () => Tcp(
            30_001, Push | Fin | Ack, s_timestamps), 1399, false),
        ("tcp, CWR and ECE with the ECN mark", () => Tcp(
            20_000, Reduced | Echo | Push | Ack, s_timestamps, tos: 0xBA), 1388, true),
        ("tcp, CWR without the ECN mark", () => Tcp(20_000, Reduced | Ack, [], tos: 0x02), 1000, false),
        ("tcp, hundreds of small segments", () => Tcp(60_000, Push | Ack, s_timestamps, fragment: 0), 96, false),
        ("tcp, one byte more than a segment", () => Tcp(1401, Push | Ack, []), 1400, false),
        ("tcp, options in both headers", () => Tcp(
            9999, Push | Ack, s_timestamps, ipOptions: [1, 1, 1, 1, 1, 1, 1, 0]), 777, false),
        ("tcp, a segment whose checksum is zero", () => WithFirstSegmentZero(Tcp(5000, Ack, []), 1000), 1000, false),
        ("tcp, as long as can be", () => Tcp(65_535 - 52, Ack, s_timestamps), 1420, false),
        ("udp, DF, a full last one", () => Udp(60 * 103, DontFragment), 103, false),
        ("udp, no DF, IDs past their end", () => Udp(40 * 1444, fragment: 0, id: 0xFFE0), 1444, false),
        ("udp, odd segments, one byte in the last one", () => Udp((39 * 1001) + 1, fragment: 0), 1001, false),
        ("udp, a segment whose checksum is zero", () => WithFirstSegmentZero(
            Udp(5000, DontFragment), 1000), 1000, false),
        ("one tcp packet", () => Tcp(1400, Push | Ack, s_timestamps), 0, false),
        ("one tcp packet whose checksum is zero", () => CraftedFrame.WithChecksumZero(Tcp(1000, Ack, [])), 0, false),
        ("one udp packet, odd", () => Udp(1001, fragment: 0), 0, false),
        ("one udp packet whose checksum is zero", () => CraftedFrame.WithChecksumZero(
            Udp(1000, DontFragment)), 0, false),
    ];

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (string engine in (string[])["offload", "pipeline"])
        {
            foreach ((string name, _, _, _) in s_cases)
            {
                data.Add(engine, name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_wire_sees_what_the_kernel_would_have_sent(string engine, string name)
    {
        WireBench bench = benches.Of(engine);
        _ = Share(bench.Lab);
        (_, Func<byte[]> packet, int segmentBytes, bool hasEcn) = s_cases.Single(each => each.Name == name);

        AssertEqual(bench, packet(), segmentBytes, hasEcn, name);
    }

    [Theory]
    [InlineData("offload", 20_251)]
    [InlineData("pipeline", 20_252)]
    public void The_wire_sees_what_the_kernel_would_have_sent_of_random_superpackets(string engine, int seed)
    {
        WireBench bench = benches.Of(engine);
        _ = Share(bench.Lab);
        var random = new Random(seed);
        for (int round = 0; round < 150; round++)
        {
            int segmentBytes = random.Next(1, 1400);
            int payloadBytes = Math.Min(random.Next(segmentBytes + 1, segmentBytes * 60), 64_000);
            ushort fragment = random.Next(2) == 0 ? DontFragment : (ushort)0;
            ushort id = (ushort)random.Next(0x10000);
            byte tos = (byte)random.Next(0x100);
            bool isUdp = random.Next(3) == 0;
            byte[] packet = isUdp
                ? Udp(payloadBytes, fragment, id, tos, random)
                : Tcp(
                    payloadBytes, (byte)(Ack | (random.Next(0x100) & (Fin | Push | Echo | Reduced))),
                    random.Next(2) == 0 ? s_timestamps : [], id, fragment, (uint)random.NextInt64(0x1_0000_0000),
                    tos, null, random);

            bool hasEcn = !isUdp && (packet[33] & Reduced) != 0;
            AssertEqual(bench, packet, segmentBytes, hasEcn, $"round {round}, seed {seed}");
        }
    }

    private static void AssertEqual(WireBench bench, byte[] packet, int segmentBytes, bool hasEcn, string hint)
    {
        const int AtTheEnd = 61;
        int payloadBytes = CraftedFrame.PayloadBytes(packet);
        int count = segmentBytes == 0 ? 1 : (payloadBytes + segmentBytes - 1) / segmentBytes;
        _ = bench.Discard();

        bench.KernelInject.Write(
            CraftedFrame.Of(CraftedFrame.WithTimeToLive(packet, AtTheEnd + HopsOfTheKernel), segmentBytes, hasEcn));
        List<byte[]> expected = bench.KernelDeliver.Read(count);
        bench.Inject.Write(
            CraftedFrame.Of(CraftedFrame.WithTimeToLive(packet, AtTheEnd + HopsOfTheDaemon), segmentBytes, hasEcn));
        List<byte[]> actual = bench.ReadWire(count);

        for (int i = 0; i < count; i++)
        {
            Assert.True(actual[i].AsSpan().SequenceEqual(expected[i]),
                $"{hint}: {i + 1} of {count}: {CraftedFrame.Difference(expected[i], actual[i])}");
        }

        Assert.Equal(packet.Length, bench.LongestInTunnel()); // the kernel has left the cutting to the daemon
        Assert.True(bench.Discard() == 0, $"{hint}: more than {count} packets");
    }

    // As the kernel cuts it: the flags of the last segment are not on the first.
    private static byte[] WithFirstSegmentZero(byte[] packet, int segmentBytes)
    {
        int headers = packet.Length - CraftedFrame.PayloadBytes(packet);
        byte[] first = packet[..(headers + segmentBytes)];
        first[2] = (byte)(first.Length >> 8);
        first[3] = (byte)first.Length;
        if (packet[9] == PacketBuilder.Udp)
        {
            first[24] = (byte)((first.Length - 20) >> 8);
            first[25] = (byte)(first.Length - 20);
        }

        CraftedFrame.WithChecksumZero(first).AsSpan(headers).CopyTo(packet.AsSpan(headers));
        return packet;
    }

    private static byte[] Tcp(
        int payloadBytes, byte flags, byte[] options, ushort id = 7, ushort fragment = DontFragment,
        uint sequence = 1_000_000, byte tos = 0, byte[]? ipOptions = null, Random? random = null) =>
        PacketBuilder.TcpPacket(
            PacketBuilder.Address("10.9.9.9"), PacketBuilder.Address(WireBench.Remote), 40_000, 5001, sequence, 77,
            flags, Random(payloadBytes, random), options,
            id: id, fragment: fragment, typeOfService: tos, ipOptions: ipOptions);

    private static byte[] Udp(int payloadBytes, ushort fragment, ushort id = 7, byte tos = 0, Random? random = null) =>
        PacketBuilder.UdpPacket(
            PacketBuilder.Address("10.9.9.9"), PacketBuilder.Address(WireBench.Remote), 40_000, 5001,
            Random(payloadBytes, random), id: id, fragment: fragment, typeOfService: tos);

    private static byte[] Random(int bytes, Random? random)
    {
        byte[] data = new byte[bytes];
        (random ?? new Random(bytes)).NextBytes(data);
        return data;
    }
}
