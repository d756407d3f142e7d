using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Overlay.KernelPath.Maps;
using Overlay.KernelPath.Programs;
using Overlay.Linux.Bpf;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Inbound;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Router.Workers;
using Overlay.Testing;
using Xunit;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// The decapsulating program beside user space on the same datagrams: what it delivers, user space delivers, with the
/// same bytes; everything else it leaves as it came.
/// </summary>
public sealed class InboundDifferentialTests(ITestOutputHelper output)
{
    private const int DatagramsPerTable = 4000;
    private const int WholeBytes = 50; // Ethernet, IPv4, UDP, VXLAN

    private static readonly DeliveryPoints s_points = new(11, 12, 13);

    [Theory]
    [InlineData(24)]
    [InlineData(20)]
    [InlineData(28)]
    public void The_program_delivers_what_user_space_delivers_and_leaves_everything_else_as_it_came(int subnetLength)
    {
        using var rig = new InboundRig(subnetLength, s_points);
        int seed = Runs.Seed(output);
        int datagrams = Runs.Datagrams(60_000);
        var random = new RandomPackets(seed);
        (KernelMaps maps, PeerSlots slots) = (rig.Maps, rig.Slots);
        RouteTable table = RouteTable.Empty;
        var delivered = new Dictionary<Ipv4Address, ulong>();
        long plain = 0;
        long plainDelivered = 0;
        long accepted = 0;
        long totalDelivered = 0;
        long[] verdicts = new long[DropReasons.All.Count];
        var whole = new HashSet<Ipv4Address>();
        for (int i = 0; i < datagrams; i++)
        {
            if (i % DatagramsPerTable == 0)
            {
                CheckCounters(slots, delivered);
                table = random.NextTable(subnetLength);
                NextPeers(random, slots, maps, table, whole);
                foreach (PeerSlot peer in slots.Peers)
                {
                    delivered[peer.Address] = slots.Counted(peer)[SlotCounters.InboundPackets / sizeof(ulong)];
                }
            }

            byte[] frame = NextFrame(random, table, out bool isPlain);
            bool isOurs = Frames.TryOpen(frame, InboundRig.Own, out Ipv4Address source, out byte[] datagram);
            DropReason verdict = InboundRules.Accept(
                table, SourceCheck.Strict, source, datagram, out Ipv4Header packet);
            bool isAccepted = isOurs && verdict == DropReason.None;
            BpfRun run = rig.Run(frame);

            string Case() => $"seed {seed}, datagram {i}: {run.Verdict} for {Convert.ToHexString(frame)}, "
                + $"user space: {(isOurs ? verdict : "not for the socket")}, own {string.Join(' ', table.Own)}, routes "
                + string.Join(' ', table.Routes.Select(route => $"{route.Destination}→{route.NextHop}"));
            accepted += isAccepted ? 1 : 0;
            verdicts[(int)verdict] += isOurs ? 1 : 0;
            isPlain &= isAccepted && packet.Packet.Length <= InboundRig.TunnelMtu && packet.HeaderBytes == 20
                && packet.Protocol != PeerProbe.Protocol
                && table.Find(packet.Source) == source && slots.Peers.Any(peer => peer.Address == source)
                && RandomPackets.IsOfOneWay(table, packet.Source, subnetLength)
                && RandomPackets.IsOfOneWay(table, packet.Destination, subnetLength);
            plain += isPlain ? 1 : 0;
            if (run.Verdict == Verdict.Next)
            {
                Assert.True(run.Packet.AsSpan().SequenceEqual(frame), $"changed: {Case()}");
                continue;
            }

            Assert.True(run.Verdict == Verdict.Redirect, $"neither delivered nor left: {Case()}");
            Assert.True(isAccepted, $"delivered: {Case()}");
            bool isWhole = packet.Protocol == PacketBuilder.Tcp && whole.Contains(source)
                && !IsBareAcknowledgement(packet.Packet);
            Assert.True(
                isWhole ? IsWhole(run.Packet, packet.Packet) : IsSingle(run.Packet, packet.Packet),
                $"delivered as {Convert.ToHexString(run.Packet)}: {Case()}");
            delivered[source]++;
            totalDelivered++;
            plainDelivered += isPlain ? 1 : 0;
        }

        CheckCounters(slots, delivered);
        output.WriteLine(
            $"{datagrams} datagrams, {accepted} accepted by user space, {totalDelivered} of them delivered by the "
                + $"program; {plainDelivered} of {plain} plain ones");
        Assert.True(plain > datagrams / 20, $"seed {seed}: only {plain} plain datagrams");
        Assert.True(plainDelivered == plain, $"seed {seed}: {plainDelivered} of {plain} plain ones delivered");
        foreach (DropReason reason in (DropReason[])
            [
                DropReason.ShortPacket, DropReason.NotIpv4, DropReason.BadHeader, DropReason.BadChecksum,
                DropReason.UnknownPeer, DropReason.MartianSource, DropReason.SpoofedSource, DropReason.NotOurs,
                DropReason.TtlExpired,
            ])
        {
            Assert.True(verdicts[(int)reason] > datagrams / 10_000, $"seed {seed}: {reason} was hardly tried");
        }
    }

    // Some next hops are left out, as those that are reached by another interface; some send superpackets.
    private static void NextPeers(
        RandomPackets random, PeerSlots slots, KernelMaps maps, RouteTable table, HashSet<Ipv4Address> whole)
    {
        KernelPeer[] peers = [.. table.Routes.Select(route => route.NextHop).Distinct()
            .Where(_ => random.Random.Next(8) > 0)
            .Select(hop => new KernelPeer(hop, InboundRig.TunnelMtu))];
        slots.Add(table, peers);
        slots.RemoveOthers(table, peers);
        whole.Clear();
        foreach (PeerSlot peer in slots.Peers)
        {
            bool sendsWhole = random.Random.Next(3) == 0;
            maps.States.Set(peer.Slot, default(PeerState) with { SendsWhole = sendsWhole ? 1ul : 0 });
            if (sendsWhole)
            {
                whole.Add(peer.Address);
            }
        }
    }

    private static byte[] NextFrame(RandomPackets random, RouteTable table, out bool isPlain)
    {
        Ipv4Address outer = random.Random.Next(10) switch
        {
            0 => random.AnyAddress(table),
            1 => random.Pick(RandomPackets.Hosts),
            _ => table.Routes.Count > 0 ? random.Pick(table.Routes).NextHop : default,
        };
        Route[] theirs = [.. table.Routes.Where(route => route.NextHop == outer)];
        Ipv4Address source = theirs.Length > 0 && random.Random.Next(6) > 0
            ? random.AddressIn(random.Pick(theirs).Destination) : random.AnyAddress(table);
        Ipv4Address destination = random.Random.Next(8) == 0
            ? random.AnyAddress(table) : random.AddressIn(random.Pick(table.Own));
        byte[] packet = random.NextPacket(source, destination, InboundRig.TunnelMtu);
        isPlain = random.Random.Next(3) > 0;
        if (!isPlain && random.Random.Next(10) == 0)
        {
            return Frames.Encapsulate(outer, InboundRig.Own, packet.AsSpan(0, random.Random.Next(packet.Length)));
        }

        byte[] frame = Frames.Encapsulate(outer, InboundRig.Own, packet);
        return isPlain ? frame : random.MutateFrame(frame);
    }

    private static bool IsBareAcknowledgement(ReadOnlySpan<byte> packet) =>
        packet.Length >= 34 && packet[33] == 0x10 && packet.Length == 20 + (packet[32] >> 4 << 2);

    private static bool IsSingle(byte[] left, ReadOnlySpan<byte> accepted) =>
        left.Length == Frames.EthernetBytes + accepted.Length && left[12] == 8 && left[13] == 0
            && left.AsSpan(Frames.EthernetBytes).SequenceEqual(accepted);

    // For the whole-packet device, behind any Ethernet header: IPv4, UDP to its port,
    // VXLAN-GPE with next protocol IPv4.
    private static bool IsWhole(byte[] left, ReadOnlySpan<byte> accepted)
    {
        ReadOnlySpan<byte> outer = left.AsSpan(Frames.EthernetBytes);
        return left.Length == WholeBytes + accepted.Length
            && outer[0] == 0x45 && Frames.HasRightChecksum(outer[..20])
            && BinaryPrimitives.ReadUInt16BigEndian(outer[2..]) == outer.Length
            && BinaryPrimitives.ReadUInt16BigEndian(outer[22..]) == 4790
            && BinaryPrimitives.ReadUInt16BigEndian(outer[24..]) == outer.Length - 20
            && outer.Slice(28, 4).SequenceEqual((ReadOnlySpan<byte>)[0x0C, 0, 0, 1])
            && left.AsSpan(WholeBytes).SequenceEqual(accepted);
    }

    private static void CheckCounters(PeerSlots slots, Dictionary<Ipv4Address, ulong> delivered)
    {
        foreach (PeerSlot peer in slots.Peers)
        {
            ulong[] counted = slots.Counted(peer);
            Assert.Equal(delivered[peer.Address], counted[SlotCounters.InboundPackets / sizeof(ulong)]);
            Assert.Equal(0ul, counted[SlotCounters.InboundDrops / sizeof(ulong)]);
        }
    }
}
