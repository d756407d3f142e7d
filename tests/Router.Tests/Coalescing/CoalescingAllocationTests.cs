using System;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Coalescing;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Xunit;
using static Overlay.Testing.Overlays;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Router.Tests.Coalescing;

public sealed class CoalescingAllocationTests
{
    private const int Packets = 1_000_000;

    [Fact]
    public void A_million_packets_allocate_nothing_merged_or_not()
    {
        using var slab = new PinnedSlab(1 << 20);
        using var coalescer = new Coalescer(slab, 0, sparesTunnelPorts: true) { MergesTcp = true, MergesUdp = true };
        byte[] corrupt = new TcpSample { SourcePort = 7 }.Build();
        corrupt[^1] ^= 1;
        byte[][] packets =
        [
            .. TcpCoalescingTests.Run(new TcpSample { Payload = Sample.Bytes(100) }, 20)
            .Select(packet => packet.Build()),
            .. UdpCoalescingTests.Run(new UdpSample { Payload = Sample.Bytes(100) }, 20)
            .Select(packet => packet.Build()),
            corrupt, Ipv4(PeerPod, OurPod, protocol: Icmp), Ipv4(PeerPod, OurPod, fragment: 0x2000),
            new UdpSample { SourcePort = 8472 }.Build(),
        ];
        int[] offsets = new int[packets.Length];
        int next = Coalescer.ScratchBytes;
        for (int i = 0; i < packets.Length; i++)
        {
            offsets[i] = next;
            packets[i].CopyTo(slab.Slice(next, packets[i].Length));
            next += packets[i].Length;
        }

        long bytes = Round(coalescer, slab, packets, offsets); // what the first round sets up once is not per packet
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Packets / packets.Length; i++)
        {
            bytes += Round(coalescer, slab, packets, offsets);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(bytes > Packets && coalescer.BadChecksums > 1000);
    }

    private static long Round(Coalescer coalescer, PinnedSlab slab, byte[][] packets, int[] offsets)
    {
        coalescer.Clear();
        bool taken = true;
        for (int i = 0; i < packets.Length; i++)
        {
            taken &= Ipv4Header.Parse(
                slab.Slice(offsets[i], packets[i].Length), out Ipv4Header packet) == DropReason.None
                && coalescer.TryAdd(packet, offsets[i], default);
        }

        long bytes = taken ? 0 : -1;
        for (int i = 0; i < coalescer.Count; i++)
        {
            bytes += coalescer[i].Vectors.TotalBytes;
        }

        return bytes;
    }
}
