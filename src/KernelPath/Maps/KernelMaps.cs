using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Net;

namespace Overlay.KernelPath.Maps;

/// <summary>What the programs look up. Addresses stand as in packets.</summary>
/// <remarks>
/// <para>A peer has a slot, 1 or more: an index into <see cref="Peers"/>, <see cref="States"/> and
/// <see cref="Counters"/>.</para>
/// <para>A slot may get another peer while a program runs. It looks the route up first, and goes on only where the slot
/// has the address that the route has.</para>
/// </remarks>
internal sealed class KernelMaps : IDisposable
{
    /// <summary>The most slots, of which one is nobody's; peers beyond stay with user space.</summary>
    internal const int MostSlots = 8192;

    private const int LeastSlots = 256;

    private KernelMaps(
        RouteIndex index, int slots, BpfMap routes, BpfMap senders, BpfMap peers, BpfMap states, BpfMap counters)
    {
        Index = index;
        Slots = slots;
        Routes = routes;
        Senders = senders;
        Peers = peers;
        States = states;
        Counters = counters;
    }

    /// <summary>Which entry of <see cref="Routes"/> an address has.</summary>
    internal RouteIndex Index { get; }

    /// <summary>How many slots there are.</summary>
    internal int Slots { get; }

    /// <summary>An address's index to <see cref="RouteEntry"/>.</summary>
    internal BpfMap Routes { get; }

    /// <summary>A peer's address to its slot.</summary>
    internal BpfMap Senders { get; }

    /// <summary>Slot to <see cref="PeerEntry"/>: written by the daemon alone.</summary>
    internal BpfMap Peers { get; }

    /// <summary>Slot to <see cref="PeerState"/>: written by the programs, and set back by the daemon.</summary>
    internal BpfMap States { get; }

    /// <summary>Slot to <see cref="SlotCounters"/>, for each processor.</summary>
    internal BpfMap Counters { get; }

    /// <summary>Creates them, empty.</summary>
    /// <param name="index">Which entry an address has.</param>
    /// <param name="slots">As <see cref="SlotsFor"/> says.</param>
    /// <exception cref="LinuxException">The kernel refused one.</exception>
    internal static KernelMaps Create(RouteIndex index, int slots = LeastSlots)
    {
        var made = new BpfMap?[5];
        try
        {
            made[0] = BpfMap.Create(
                BpfMapKind.Array, "overlay_routes", sizeof(uint), Unsafe.SizeOf<RouteEntry>(), index.Entries);
            made[1] = BpfMap.Create(BpfMapKind.Hash, "overlay_senders", sizeof(uint), sizeof(uint), slots);
            made[2] = BpfMap.Create(
                BpfMapKind.Array, "overlay_peers", sizeof(uint), Unsafe.SizeOf<PeerEntry>(), slots);
            made[3] = BpfMap.Create(
                BpfMapKind.Array, "overlay_states", sizeof(uint), Unsafe.SizeOf<PeerState>(), slots);
            made[4] = BpfMap.Create(
                BpfMapKind.PerProcessorArray, "overlay_counts", sizeof(uint), SlotCounters.Bytes, slots);
            return new KernelMaps(index, slots, made[0]!, made[1]!, made[2]!, made[3]!, made[4]!);
        }
        catch
        {
            Array.ForEach(made, map => map?.Dispose());
            throw;
        }
    }

    /// <summary>Room for twice as many peers, because each takes memory on every processor that there can be.</summary>
    /// <returns>A power of two, 256 to 8192.</returns>
    internal static int SlotsFor(int peers) =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)Math.Min(peers, MostSlots) * 2), LeastSlots, MostSlots);

    public void Dispose()
    {
        Counters.Dispose();
        States.Dispose();
        Peers.Dispose();
        Senders.Dispose();
        Routes.Dispose();
    }
}

/// <summary>Whose a part of the network is. The default value is nobody's, or for user space to find out.</summary>
/// <param name="Slot">The peer's; 0 for this host.</param>
/// <param name="Peer">Its public IP, as in a packet; all ones for this host.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RouteEntry(uint Slot, uint Peer)
{
    /// <summary>This host's own subnets. 255.255.255.255 is no peer's address.</summary>
    internal static RouteEntry Own => new(0, uint.MaxValue);

    /// <summary>As the programs load it, in one piece.</summary>
    internal ulong Packed => ((ulong)Peer << 32) | Slot;
}

/// <summary>What the programs are told of a peer.</summary>
/// <param name="Address">Its public IP, as in a packet.</param>
/// <param name="InnerMtu">The longest packet whose datagram reaches it whole.</param>
/// <param name="Nonce">What its answers to our probes must bear.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PeerEntry(uint Address, int InnerMtu, ulong Nonce)
{
    internal const int AddressOffset = 0;
    internal const int InnerMtuOffset = 4;
    internal const int NonceOffset = 8;
}

/// <summary>What the programs have found out about a peer. Times are of CLOCK_MONOTONIC, in nanoseconds.</summary>
/// <param name="ReachableUntil">Until then it takes what the kernel has encapsulated; past or 0: it does not.</param>
/// <param name="AskedNonce">The nonce of its latest probe; 0 when none came.</param>
/// <param name="SendsWhole">Not 0 once a superpacket came from it in one piece.</param>
/// <param name="UdpBusyUntil">Until then UDP to it goes through user space; put off by each packet of it.</param>
/// <param name="UdpWindowStart">Since when <paramref name="UdpWindowPackets"/> are counted.</param>
/// <param name="UdpWindowPackets">UDP packets to it in this window.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PeerState(
    ulong ReachableUntil, ulong AskedNonce, ulong SendsWhole, ulong UdpBusyUntil, ulong UdpWindowStart,
    ulong UdpWindowPackets)
{
    internal const int ReachableUntilOffset = 0;
    internal const int AskedNonceOffset = 8;
    internal const int SendsWholeOffset = 16;
    internal const int UdpBusyUntilOffset = 24;
    internal const int UdpWindowStartOffset = 32;
    internal const int UdpWindowPacketsOffset = 40;
}

/// <summary>What the programs count for a slot: 64-bit numbers, one set for each processor.</summary>
internal static class SlotCounters
{
    internal const int OutboundPackets = 0;
    internal const int OutboundBytes = 8;
    internal const int InboundPackets = 16;
    internal const int InboundBytes = 24;
    internal const int OutboundDrops = 32;
    internal const int InboundDrops = 40;

    internal const int Bytes = 48;
    internal const int Numbers = Bytes / sizeof(ulong);
}

/// <summary>Numbers as they stand in packets, for memory that is compared with them unchanged.</summary>
internal static class InPacketOrder
{
    internal static uint Of(Ipv4Address address)
    {
        Span<byte> bytes = stackalloc byte[Ipv4Address.ByteCount];
        address.Write(bytes);
        return MemoryMarshal.Read<uint>(bytes);
    }

    internal static ushort Of(ushort number)
    {
        Span<byte> bytes = [(byte)(number >> 8), (byte)number];
        return MemoryMarshal.Read<ushort>(bytes);
    }
}
