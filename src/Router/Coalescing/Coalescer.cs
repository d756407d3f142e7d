using System;
using Overlay.Linux;
using Overlay.Router.Packets;

namespace Overlay.Router.Coalescing;

/// <summary>
/// Merges verified runs of TCP segments and UDP datagrams into superpackets for a TUN opened with IFF_VNET_HDR: one
/// write, and one pass through the kernel's receive path, for up to 64 packets. Owned by one thread.
/// </summary>
/// <remarks>
/// A superpacket tells the kernel to trust its checksum, so each packet's own is verified first: a corrupt one is never
/// merged but written as it came, for the receiver to refuse. Order within a flow is kept: writes come out in the order
/// of their first packets, and a packet only ever joins its flow's newest. Nothing waits longer than the caller lets
/// it.
/// </remarks>
internal sealed class Coalescer : IDisposable
{
    /// <summary>Writes that can wait at a time.</summary>
    internal const int MaximumWrites = 64;

    private const int PlainHeaderBytes = 64; // a cache line for the 10 bytes, so that the writes' scratch stays aligned

    private readonly CoalescedWrite[] _writes = new CoalescedWrite[MaximumWrites];
    private readonly FlowTable _flows = new();
    private readonly bool _sparesTunnelPorts;

    private CoalescedWrite _last;
    private bool _mergesTcp;
    private bool _mergesUdp;
    private int _sealed;

    /// <summary>Allocates everything once.</summary>
    /// <param name="slab">Where all packets lie.</param>
    /// <param name="scratchOffset">Where in it <see cref="ScratchBytes"/> are free for headers, best at a multiple of
    /// 64.</param>
    /// <param name="sparesTunnelPorts">
    /// UDP from or to a well-known tunnel port stays as it is: before 6.8.5 a kernel tunnel loses a UDP superpacket
    /// that enters it (Linux commit 3d010c8031e3).
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

    /// <summary>What it needs of the slab for itself, in bytes.</summary>
    internal static int ScratchBytes => PlainHeaderBytes + (MaximumWrites * CoalescedWrite.ScratchBytes);

    /// <summary>Where a virtio-net header lies that asks for nothing: of a packet that goes as it is.</summary>
    internal int PlainHeaderOffset { get; }

    /// <summary>
    /// Whether TCP merges: the device takes TUN_F_TSO4. May change at any time; what is merged already stays.
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
    /// Whether UDP merges: TUN_F_USO4, Linux 6.2. May change at any time; what is merged already stays.
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

    /// <summary>Packets that would have merged, but whose TCP or UDP checksum is wrong.</summary>
    internal long BadChecksums { get; private set; }

    /// <summary>A write that waits, oldest first. Nothing joins it after it has been looked at.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    internal CoalescedWrite this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            CoalescedWrite write = _writes[index];
            write.Complete();
            return write;
        }
    }

    /// <summary>Takes a packet: it joins its flow's newest write or starts one.</summary>
    /// <param name="packet">
    /// Validated, its time to live stepped already. Its bytes are not changed, and stay where they are until
    /// <see cref="Clear"/>.
    /// </param>
    /// <param name="offset">Where in the slab its first byte is.</param>
    /// <returns>False when it would start a write and there is room for none: nothing has happened, the writes go
    /// first.</returns>
    internal bool TryAdd(in Ipv4Header packet, int offset)
    {
        // In a train the next packet nearly always continues what the one before it did.
        CoalescedWrite last = _last;
        ReadOnlySpan<byte> bytes = packet.Packet;
        if (last.Takes(bytes) && HasValidTransportChecksum(packet))
        {
            last.Join(bytes, offset);
            return true;
        }

        return TryAddAnywhere(packet, offset);
    }

    /// <summary>Forgets all writes; the packets' memory is free again.</summary>
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

    private bool TryAddAnywhere(in Ipv4Header packet, int offset)
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

    // Each write once, however many fragments come.
    private void SealAll()
    {
        for (; _sealed < Count; _sealed++)
        {
            _writes[_sealed].Seal();
        }
    }
}
