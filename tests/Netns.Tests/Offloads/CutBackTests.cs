using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Offloads;

/// <summary>
/// A peer's packets, merged or not by a real daemon, come out of the kernel behind it as the peer sent them: byte for
/// byte but for the time to live, the header checksum and, under DF, the ID.
/// </summary>
public sealed class CutBackTests(WireBenches benches) : LabTest, IClassFixture<WireBenches>
{
    private const byte Fin = 0x01, Push = 0x08, Ack = 0x10, Urgent = 0x20, Echo = 0x40, Reduced = 0x80;
    private const int TimeToLive = 64, AtTheEnd = 62; // the daemon and its host's kernel each took one
    private const ushort DontFragment = 0x4000;
    private const int PlainTcpBytes = 20 + 20;

    private static readonly byte[] s_timestamps = [1, 1, 8, 10, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0];

    // Name, packets, whether the daemon is to merge some of them.
    private static readonly (string Name, Func<Flow, List<byte[]>> Packets, bool Merges)[] s_cases =
    [
        ("tcp, DF, timestamps, a short last one with PSH", flow => [
            .. flow.Tcp(30, 1400, s_timestamps), flow.Segment(77, Push | Ack, s_timestamps)], true),
        ("tcp, DF, every ID zero", flow => [.. flow.Tcp(30, 1400, []).Select(packet => WithId(packet, 0))], true),
        ("tcp, no DF, IDs past their end", flow => [.. flow.WithoutDf(0xFFF0).Tcp(35, 1000, [])], true),
        ("tcp, no DF, a gap in the IDs", flow => [
            .. flow.WithoutDf(5).Tcp(10, 1000, []), .. flow.WithoutDf(100).Tcp(10, 1000, [])], true),
        ("tcp, ECE and CE marks", flow => [
            .. flow.Tcp(8, 900, [], Echo | Ack, tos: 2), .. flow.Tcp(8, 900, [], Echo | Ack, tos: 3)], true),
        ("tcp, CWR, FIN and URG among data", flow =>
        [
            .. flow.Tcp(6, 900, []), flow.Segment(900, Reduced | Ack), flow.Segment(900, Ack),
            flow.Segment(900, Urgent | Ack), .. flow.Tcp(6, 900, []), flow.Segment(900, Fin | Ack),
        ], true),
        ("tcp, a gap in the sequence", flow => [.. flow.Tcp(6, 900, []), .. flow.Skip(900).Tcp(6, 900, [])], true),
        ("tcp, a wrong checksum among right ones", flow => [
            .. flow.Tcp(6, 900, []), Spoil(flow.Segment(900, Ack)), .. flow.Tcp(6, 900, [])], true),
        ("tcp, pure acknowledgements", flow => [.. flow.Tcp(20, 0, [])], false),
        ("udp, DF, a short last one", flow => [.. flow.Udp(39, 1200), flow.Datagram(1)], true),
        ("udp, no DF", flow => [.. flow.WithoutDf(0xFFF8).Udp(40, 103)], true),
        ("udp, without checksums", flow => [.. flow.Udp(20, 200).Select(WithoutUdpChecksum)], false),
        ("udp, a wrong checksum among right ones", flow => [
            .. flow.Udp(6, 900), Spoil(flow.Datagram(900)), .. flow.Udp(6, 900)], true),
        ("udp, every length its own", flow => [.. Enumerable.Range(1, 30).Select(i => flow.Datagram(i * 40))], false),
        ("two flows in turn", flow =>
            [.. flow.Tcp(12, 1000, []).Zip(
                new Flow(flow.To, 4444).Tcp(12, 1000, []), (a, b) => new[] { a, b }).SelectMany(pair => pair)], true),
        ("fragments between datagrams", flow => [
            .. flow.Udp(5, 808), .. flow.Fragments(808), .. flow.Udp(5, 808)], true),
        ("options in the IP header", flow => [.. flow.Tcp(8, 900, []).Select(WithIpOptions)], false),
    ];

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (string engine in (string[])["offload", "pipeline"])
        {
            foreach ((string name, _, _) in s_cases)
            {
                data.Add(engine, name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_kernel_cuts_back_what_the_daemon_has_merged(string engine, string name)
    {
        WireBench bench = benches.Of(engine);
        _ = Share(bench.Lab);
        (_, Func<Flow, List<byte[]>> make, bool merges) = s_cases.Single(each => each.Name == name);
        List<byte[]> packets = make(new Flow(bench.Local, 5001));

        AssertArrive(bench, packets, name, out int longest);

        int longestSent = packets.Max(packet => packet.Length);
        Assert.Equal(merges, longest > longestSent);
    }

    [Theory]
    [InlineData("offload", 20_253)]
    [InlineData("pipeline", 20_254)]
    public void The_kernel_cuts_back_random_runs_of_several_flows(string engine, int seed)
    {
        WireBench bench = benches.Of(engine);
        _ = Share(bench.Lab);
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            Flow[] flows = [.. Enumerable.Range(1, 4)
                .Select(i => new Flow(bench.Local, (ushort)(6000 + i), (ushort)random.Next(0x10000)))];
            List<byte[]> packets = [];
            for (int run = 0; run < 12; run++)
            {
                Flow flow = flows[random.Next(flows.Length)];
                int bytes = random.Next(1, 1400);
                packets.AddRange(random.Next(3) switch
                {
                    0 => flow.Udp(random.Next(1, 20), bytes),
                    1 => flow.Tcp(
                        random.Next(1, 20), bytes, s_timestamps, random.Next(4) == 0 ? (byte)(Push | Ack) : Ack),
                    _ => flow.WithoutDf(random.Next(0x10000)).Tcp(random.Next(1, 20), bytes, []),
                });
            }

            AssertArrive(bench, packets, $"round {round}, seed {seed}", out _);
        }
    }

    private static void AssertArrive(WireBench bench, List<byte[]> packets, string hint, out int longest)
    {
        _ = bench.Discard();

        bench.SendWire(packets);

        List<byte[]> actual = bench.Deliver.Read(packets.Count);
        longest = bench.LongestInTunnel();
        Assert.True(bench.Discard() == 0, $"{hint}: more than {packets.Count} packets");
        ILookup<string, byte[]> expected = packets.Select(packet => CraftedFrame.WithTimeToLive(packet, AtTheEnd))
            .ToLookup(FlowOf, CraftedFrame.WithoutIdleId);
        ILookup<string, byte[]> arrived = actual.ToLookup(FlowOf, CraftedFrame.WithoutIdleId);
        foreach (IGrouping<string, byte[]> flow in expected) // there is no order among flows
        {
            foreach (((byte[] sent, byte[] came), int i) in flow.Zip(arrived[flow.Key]).Select((pair, i) => (pair, i)))
            {
                Assert.True(sent.AsSpan()
                    .SequenceEqual(came), $"{hint}: {i + 1} of {flow.Key}: {CraftedFrame.Difference(sent, came)}");
            }

            Assert.Equal(flow.Count(), arrived[flow.Key].Count());
        }
    }

    private static string FlowOf(byte[] packet) =>
        (packet[6] & 0x3F) + packet[7] != 0
            ? "fragments"
            : $"protocol {packet[9]}, ports {Convert.ToHexString(packet, (packet[0] & 15) * 4, 4)}";

    private static byte[] Spoil(byte[] packet)
    {
        packet[^1] ^= 0x55;
        return packet;
    }

    private static byte[] WithId(byte[] packet, ushort id)
    {
        packet[4] = (byte)(id >> 8);
        packet[5] = (byte)id;
        PacketBuilder.FixHeaderChecksum(packet);
        return packet;
    }

    private static byte[] WithoutUdpChecksum(byte[] packet)
    {
        packet.AsSpan(26, 2).Clear();
        return packet;
    }

    private static byte[] WithIpOptions(byte[] packet) => PacketBuilder.TcpPacket(
        PacketBuilder.Address(WireBench.Remote), Ipv4Address.Read(packet.AsSpan(16)), 40_000, 5001, 1, 2, Ack,
        packet[PlainTcpBytes..], ipOptions: [1, 1, 1, 0]);

    /// <summary>One sender's packets to one port: ID and sequence go on by themselves.</summary>
    private sealed class Flow(string to, ushort port, ushort id = 7)
    {
        private static readonly Ipv4Address s_from = PacketBuilder.Address(WireBench.Remote);

        private readonly Random _content = new(port);
        private ushort _id = id;
        private ushort _fragment = DontFragment;
        private uint _sequence = 0xFFFF_F000;

        internal string To => to;

        internal Flow WithoutDf(int id)
        {
            _fragment = 0;
            _id = (ushort)id;
            return this;
        }

        internal Flow Skip(int bytes)
        {
            _sequence += (uint)bytes;
            return this;
        }

        internal List<byte[]> Tcp(int count, int bytes, byte[] options, byte flags = Ack, byte tos = 0) =>
            [.. Enumerable.Range(0, count).Select(_ => Segment(bytes, flags, options, tos))];

        internal byte[] Segment(int bytes, byte flags, byte[]? options = null, byte tos = 0)
        {
            byte[] packet = PacketBuilder.TcpPacket(
                s_from, PacketBuilder.Address(to), 40_000, port, _sequence, 77, flags, Content(bytes), options,
                id: _id++, ttl: TimeToLive, fragment: _fragment, typeOfService: tos);
            _sequence += (uint)bytes;
            return packet;
        }

        internal List<byte[]> Udp(int count, int bytes) => [.. Enumerable.Range(0, count).Select(_ => Datagram(bytes))];

        internal byte[] Datagram(int bytes) => PacketBuilder.UdpPacket(
            s_from, PacketBuilder.Address(to), 40_000, port, Content(bytes),
            id: _id++, ttl: TimeToLive, fragment: _fragment);

        // Both pieces as long as a datagram with the same data would be.
        internal List<byte[]> Fragments(int bytes)
        {
            const int MoreFragments = 0x2000, Unit = 8;
            int length = bytes + Unit;
            ushort own = _id++;
            return
            [
                PacketBuilder.Ipv4(
                    s_from, PacketBuilder.Address(to), TimeToLive, PacketBuilder.Udp, Content(length),
                    fragment: MoreFragments, id: own),
                PacketBuilder.Ipv4(
                    s_from, PacketBuilder.Address(to), TimeToLive, PacketBuilder.Udp, Content(length),
                    fragment: (ushort)(length / Unit), id: own),
            ];
        }

        private byte[] Content(int bytes)
        {
            byte[] data = new byte[bytes];
            _content.NextBytes(data);
            return data;
        }
    }
}
