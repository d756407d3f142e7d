using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Packets;

namespace Overlay.Router.Coalescing;

/// <summary>
/// Merges verified runs of TCP segments and UDP datagrams into superpackets for a TUN opened with IFF_VNET_HDR: up to
/// 64 packets in one write, which the kernel's receive code handles as one. Owned by one thread.
/// </summary>
/// <remarks>
/// A superpacket makes the kernel trust its checksum, so that of each packet is verified first. A corrupt packet is not
/// merged but written as it came, for its receiver to drop. The order within a flow is kept: writes leave in the order
/// of their first packets, and a packet joins only the newest write of its flow. How long writes wait is the caller's
/// choice.
/// </remarks>
internal sealed class Coalescer : IDisposable
{
    /// <summary>Writes that can wait at the same time.</summary>
    internal const int MaximumWrites = 64;

    private const int PlainHeaderBytes = 64; // a cache line for 10 bytes, so that the scratch of writes stays aligned

    private readonly CoalescedWrite[] _writes = new CoalescedWrite[MaximumWrites];
    private readonly FlowTable _flows = new();
    private readonly bool _sparesTunnelPorts;

    private CoalescedWrite _last;
    private bool _mergesTcp;
    private bool _mergesUdp;
    private int _sealed;

    /// <summary>Allocates all that it needs.</summary>
    /// <param name="slab">Where all packets lie.</param>
    /// <param name="scratchOffset">
    /// Where in it <see cref="ScratchBytes"/> are free for headers; a multiple of 64 is best.
    /// </param>
    /// <param name="sparesTunnelPorts">
    /// Whether UDP from or to a well-known tunnel port is never merged: before Linux 6.8.5 a kernel tunnel loses a UDP
    /// superpacket that enters it (Linux commit 3d010c8031e3).
    /// </param>
    internal Coalescer(PinnedSlab slab, int scratchOffset, bool sparesTunnelPorts)
    {
        PlainHeaderOffset = scratchOffset;
        slab.Slice(PlainHeaderOffset, PlainHeaderBytes).Clear();
        for (int i = 0; i < MaximumWrites; i++)
        {
            int own = scratchOffset + PlainHeaderBytes + (i * CoalescedWrite.ScratchBytes);
            _writes[i] = new CoalescedWrite(slab, own, PlainHeaderOffset);
        }

        _last = _writes[0];
        _sparesTunnelPorts = sparesTunnelPorts;
    }

    /// <summary>Bytes of the slab that it needs for headers.</summary>
    internal static int ScratchBytes => PlainHeaderBytes + (MaximumWrites * CoalescedWrite.ScratchBytes);

    /// <summary>Where a virtio-net header of zeros lies: that of a packet which is written as it came.</summary>
    internal int PlainHeaderOffset { get; }

    /// <summary>
    /// Whether TCP is merged. May change at any time; what is merged already stays so.
    /// </summary>
    internal bool MergesTcp
    {
        get => _mergesTcp;
        set
        {
            _mergesTcp = value;
            SealAll();
        }
    }

    /// <summary>
    /// Whether UDP is merged. May change at any time; what is merged already stays so.
    /// </summary>
    internal bool MergesUdp
    {
        get => _mergesUdp;
        set
        {
            _mergesUdp = value;
            SealAll();
        }
    }

    /// <summary>Writes waiting, 0 to <see cref="MaximumWrites"/>.</summary>
    internal int Count { get; private set; }

    /// <summary>Packets that were not merged because their TCP or UDP checksum is wrong, since the beginning.</summary>
    internal long BadChecksums { get; private set; }

    /// <summary>A write that waits, oldest first. Reading it closes it: nothing joins it afterwards.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    internal CoalescedWrite this[int index]
    {
        get
        {
            Bounds.Check(index, Count);

            CoalescedWrite write = _writes[index];
            write.Complete();
            return write;
        }
    }

    /// <summary>Takes a packet, which joins its flow's newest write or begins one.</summary>
    /// <param name="packet">
    /// Validated, its time to live already reduced. Its bytes are borrowed until <see cref="Clear"/> and not changed.
    /// </param>
    /// <param name="offset">Where in the slab its first byte is.</param>
    /// <param name="sender">The outer address that it came from.</param>
    /// <returns>
    /// False when it would begin a write and no more fit: nothing has changed; write and clear first.
    /// </returns>
    internal bool TryAdd(in Ipv4Header packet, int offset, Ipv4Address sender)
    {
        // In a train a packet nearly always continues the run of the one before it.
        CoalescedWrite last = _last;
        ReadOnlySpan<byte> bytes = packet.Packet;
        if (last.Takes(bytes) && HasValidTransportChecksum(packet))
        {
            last.Join(bytes, offset);
            return true;
        }

        return TryAddAnywhere(packet, offset, sender);
    }

    /// <summary>Forgets all writes. No packet is borrowed afterwards.</summary>
    internal void Clear()
    {
        SealAll();
        _flows.Clear();
        Count = _sealed = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CoalescedWrite write in _writes)
        {
            write.Dispose();
        }
    }

    private static bool HasValidTransportChecksum(in Ipv4Header packet)
    {
        ReadOnlySpan<byte> bytes = packet.Packet;
        ReadOnlySpan<byte> transport = bytes[packet.HeaderBytes..];
        ulong pseudo = InternetChecksum.PseudoHeader(bytes, packet.Protocol, transport.Length);
        return InternetChecksum.Fold(InternetChecksum.Add(transport, pseudo)) == 0xFFFF;
    }

    private bool TryAddAnywhere(in Ipv4Header packet, int offset, Ipv4Address sender)
    {
        ReadOnlySpan<byte> bytes = packet.Packet;
        Candidacy candidacy = GroEligibility.Classify(packet, out FlowKey flow);
        int newest = candidacy is Candidacy.Ineligible or Candidacy.Candidate ? _flows.Find(flow) : -1;
        bool isCandidate = candidacy == Candidacy.Candidate && MayMerge(flow);
        bool isVerified = isCandidate && HasValidTransportChecksum(packet);
        if (isVerified && newest >= 0 && _writes[newest].Takes(bytes))
        {
            _last = _writes[newest];
            _last.Join(bytes, offset);
            return true;
        }

        if (Count == MaximumWrites)
        {
            return false;
        }

        if (candidacy == Candidacy.Opaque)
        {
            SealAll();
        }
        else if (newest >= 0)
        {
            _writes[newest].Seal();
        }

        CoalescedWrite write = _writes[Count];
        write.Sender = sender;
        if (isVerified)
        {
            write.StartRun(bytes, offset);
            _flows.Set(flow, Count);
            _last = write;
        }
        else
        {
            write.Start(bytes, offset);
            BadChecksums += isCandidate ? 1 : 0;
        }

        Count++;
        return true;
    }

    private bool MayMerge(in FlowKey flow) => flow.Protocol == IpProtocol.Tcp
        ? _mergesTcp
        : _mergesUdp && !(_sparesTunnelPorts && GroEligibility.IsTunnel(flow));

    // Seals each write once, however many fragments come.
    private void SealAll()
    {
        for (; _sealed < Count; _sealed++)
        {
            _writes[_sealed].Seal();
        }
    }
}
