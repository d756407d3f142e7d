using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Coalescing;
using Overlay.Router.Counters;
using Overlay.Router.Packets;
using Xunit;

namespace Overlay.Router.Tests.Coalescing;

/// <summary>A coalescer over a slab of its own, packets one after the other behind the scratch.</summary>
internal sealed class CoalescingRig : IDisposable
{
    private const int ScratchOffset = 64;

    private readonly PinnedSlab _slab = new(8 << 20);
    private readonly List<(int Offset, byte[] Packet)> _added = [];
    private int _next = ScratchOffset + Coalescer.ScratchBytes;

    public CoalescingRig(bool tcp = true, bool udp = true, bool sparesTunnelPorts = false) =>
        Coalescer = new Coalescer(_slab, ScratchOffset, sparesTunnelPorts) { MergesTcp = tcp, MergesUdp = udp };

    public Coalescer Coalescer { get; }

    /// <summary>Packets in each write.</summary>
    public int[] Groups => [.. Enumerable.Range(0, Coalescer.Count).Select(i => Coalescer[i].Packets)];

    public void Dispose()
    {
        Coalescer.Dispose();
        _slab.Dispose();
    }

    public bool TryAdd(byte[] packet)
    {
        packet.CopyTo(_slab.Slice(_next, packet.Length));
        Assert.Equal(DropReason.None, Ipv4Header.Parse(_slab.Slice(_next, packet.Length), out Ipv4Header header));
        if (!Coalescer.TryAdd(header, _next, default))
        {
            return false;
        }

        _added.Add((_next, packet));
        _next += packet.Length + 1; // now and then at an odd address
        return true;
    }

    public CoalescingRig Add(params IEnumerable<byte[]> packets)
    {
        foreach (byte[] packet in packets)
        {
            Assert.True(TryAdd(packet));
        }

        return this;
    }

    public CoalescingRig Add(params IEnumerable<Sample> packets) => Add(packets.Select(packet => packet.Build()));

    /// <summary>The bytes the kernel would get.</summary>
    public byte[] Written(int index)
    {
        IoVectors vectors = Coalescer[index].Vectors;
        byte[] bytes = [.. Enumerable.Range(0, vectors.Count).SelectMany(i => vectors[i].ToArray())];
        Assert.Equal(bytes.Length, vectors.TotalBytes);
        return bytes;
    }

    /// <summary>
    /// Every packet the receiver gets, after checking each write and that the originals are as they came.
    /// </summary>
    public List<byte[]> Received()
    {
        var received = new List<byte[]>();
        var replayed = new HashSet<int>();
        for (int i = 0; i < Coalescer.Count; i++)
        {
            List<byte[]> packets = KernelCut.Cut(Written(i));
            CoalescedWrite write = Coalescer[i];
            Assert.Equal(write.Packets, packets.Count);
            Assert.Equal(write.IsMerged, packets.Count > 1);
            Assert.Equal(write.Protocol, packets[0][9]);
            Assert.Equal(write.Bytes, packets.Sum(packet => packet.Length));
            Assert.All(Enumerable.Range(0, write.Packets), j => Assert.True(replayed.Add(write.PacketAt(j).Offset)));
            received.AddRange(packets);
        }

        Assert.Equal(_added.Count, received.Count);
        Assert.All(_added, one => Assert.Contains(one.Offset, replayed));
        Assert.All(
            _added, one => Assert.True(_slab.Slice(one.Offset, one.Packet.Length).SequenceEqual(one.Packet)));
        return received;
    }

    /// <summary>
    /// Checks that what was added comes out in the same order, and returns the number of packets in each write.
    /// </summary>
    public int[] GroupsInOrder()
    {
        Assert.Equal(_added.Select(one => KernelCut.Essence(one.Packet)), Received().Select(KernelCut.Essence));
        return Groups;
    }

    public void Clear()
    {
        Coalescer.Clear();
        _added.Clear();
        _next = ScratchOffset + Coalescer.ScratchBytes;
    }
}
