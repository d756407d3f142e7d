using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Coalescing;

/// <summary>
/// Hundreds of thousands of packets of a few flows, with everything that may go wrong, cut again as the kernel does.
/// </summary>
public sealed class CoalescingPropertyTests(ITestOutputHelper output)
{
    private const int Packets = 300_000;

    [Fact]
    public void Cutting_what_was_merged_gives_back_every_packet_and_the_order_of_every_flow()
    {
        int seed = int.TryParse(
            Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given) ? given : Environment.TickCount;
        output.WriteLine($"seed {seed}: to repeat, OVERLAY_SEED={seed}");
        var random = new Random(seed);
        using var rig = new CoalescingRig(sparesTunnelPorts: true);
        Sample[] flows = [.. Enumerable.Range(0, 6).Select(i => NewFlow(random, i))];
        var batch = new List<byte[]>();
        int current = 0;
        long writes = 0, merged = 0, flushesWhenFull = 0;
        for (int i = 0; i < Packets; i++)
        {
            current = random.Next(4) == 0 ? random.Next(flows.Length) : current;
            byte[] packet = Next(random, ref flows[current]);
            if (random.Next(500) == 0 || batch.Count == 1000)
            {
                Flush();
            }

            while (!rig.TryAdd(packet))
            {
                Assert.Equal(64, rig.Coalescer.Count);
                flushesWhenFull++;
                Flush();
            }

            batch.Add(packet);
            if (random.Next(2000) == 0)
            {
                rig.Coalescer.MergesTcp = random.Next(4) != 0;
                rig.Coalescer.MergesUdp = random.Next(4) != 0;
            }
        }

        Flush();
        output.WriteLine($"{writes} writes for {Packets} packets, {merged} of them in merged ones; " +
            $"{flushesWhenFull} times full, {rig.Coalescer.BadChecksums} bad checksums");
        Assert.InRange(merged, Packets / 5, Packets);
        Assert.True(flushesWhenFull > 100 && rig.Coalescer.BadChecksums > 500, $"seed {seed}");

        void Flush()
        {
            List<byte[]> received = rig.Received();
            Dictionary<string, List<string>> sent = ByFlow(batch);
            Dictionary<string, List<string>> got = ByFlow(received);
            Assert.Equal(sent.Keys.Order(), got.Keys.Order());
            Assert.All(sent, flow => Assert.True(flow.Value.SequenceEqual(got[flow.Key]), $"seed {seed}: {flow.Key}"));
            writes += rig.Coalescer.Count;
            merged += rig.Groups.Where(packets => packets > 1).Sum();
            batch.Clear();
            rig.Clear();
        }
    }

    // The order that has to be kept: of a flow, and of everything around whatever may be of any flow.
    private static Dictionary<string, List<string>> ByFlow(List<byte[]> packets)
    {
        var flows = new Dictionary<string, List<string>>();
        int opaque = 0;
        foreach (byte[] packet in packets)
        {
            int header = (packet[0] & 15) * 4;
            bool isFragment = (KernelCut.Word(packet, 6) & 0x3FFF) != 0;
            bool isTcp = packet[9] == Tcp, isUdp = packet[9] == Udp;
            int length = isTcp && packet.Length >= header + 20 ? packet[header + 12] / 16 * 4 : 0;
            bool isCut = isTcp ? length < 20 || length > packet.Length - header : isUdp && packet.Length < header + 8;
            string key = isFragment || isCut
                ? $"opaque {opaque++}"
                : $"{opaque} {packet[9]} {Convert.ToHexString(packet.AsSpan(12, 8))} " +
                    (isTcp || isUdp ? Convert.ToHexString(packet.AsSpan(header, 4)) : "");
            if (!flows.TryGetValue(key, out List<string>? flow))
            {
                flows.Add(key, flow = []);
            }

            flow.Add(KernelCut.Essence(packet));
        }

        return flows;
    }

    private static Sample NewFlow(Random random, int number)
    {
        byte[] payload = Sample.Bytes(random.Next(4) == 0 ? random.Next(1, 20) : random.Next(1, 1460), number);
        ushort fragment = random.Next(2) == 0 ? (ushort)0 : (ushort)0x4000;
        return number % 3 == 2
            ? new UdpSample { SourcePort = (ushort)(1000 + number), Payload = payload, Fragment = fragment }
            : new TcpSample
            {
                SourcePort =
                    (ushort)(1000 + number), Payload =
                        payload, Fragment = fragment, Sequence = (uint)random.NextInt64(1L << 32),
            };
    }

    private static byte[] Next(Random random, ref Sample flow)
    {
        Sample one = random.Next(12) == 0 ? Odd(random, flow) : flow;
        one = one with { Payload = Sample.Bytes(one.Payload.Length, random.Next()) };
        byte[] packet = one.Build();

        // Some oddities stay with the flow for a while.
        flow = random.Next(8) != 0 ? flow : one;
        flow = flow is TcpSample tcp ? tcp.Next() : ((UdpSample)flow).Next();
        if (flow.Payload.Length == 0 || random.Next(100) == 0)
        {
            flow = NewFlow(random, random.Next(9)) with { SourcePort = flow.SourcePort };
        }

        return random.Next(40) == 0 ? Broken(random, packet) : packet;
    }

    private static Sample Odd(Random random, Sample flow)
    {
        byte small = (byte)random.Next(4);
        switch (random.Next(10))
        {
            case 0:
                return flow with { Tos = small };
            case 1:
                return flow with { Ttl = (byte)(60 + small) };
            case 2:
                return flow with { Fragment = random.Next(4) switch { 0 => 0, 1 => 0x4000, 2 => 0x8000, _ => 0xC000 } };
            case 3:
                return flow with { Id = (ushort)random.Next(65_536) };
            case 4:
                return flow with { IpOptions = new byte[small * 4] };
            case 5:
                return flow with { Payload = new byte[random.Next(flow.Payload.Length + 1)] };
            case 6:
                return flow with { DestinationPort = small == 0 ? (ushort)4789 : (ushort)(5201 + small) };
            default:
                break;
        }

        return flow is not TcpSample tcp ? flow : random.Next(8) switch
        {
            0 => tcp with { Flags = (byte)random.Next(256) },
            1 => tcp with { Window = (ushort)(501 + small) },
            2 => tcp with { Acknowledgement = tcp.Acknowledgement + small },
            3 => tcp with { Sequence = tcp.Sequence + small - 1 },
            4 => tcp with { Urgent = small },
            5 => tcp with { Reserved = (byte)random.Next(16) },
            6 => tcp with { Options = Sample.Bytes(4 * random.Next(11), small) },
            _ => tcp with { Flags = 0x18 },
        };
    }

    private static byte[] Broken(Random random, byte[] packet)
    {
        int header = (packet[0] & 15) * 4;
        switch (random.Next(6))
        {
            case 0:
                return Ipv4(PeerPod, OurPod, protocol: Icmp, payload: Sample.Bytes(random.Next(60), random.Next()));
            case 1:
                packet[6] = (byte)(packet[6] & 0xC0 | (random.Next(2) == 0 ? 0x20 : random.Next(1, 0x20)));
                break;
            case 2:
                packet = packet[..random.Next(header, packet.Length + 1)];
                packet[2] = (byte)(packet.Length >> 8);
                packet[3] = (byte)packet.Length;
                break;
            case 3 when packet[9] == Udp:
                packet[header + 6] = packet[header + 7] = 0;
                break;
            default:
                packet[random.Next(header, packet.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }

        FixHeaderChecksum(packet);
        return packet;
    }
}
