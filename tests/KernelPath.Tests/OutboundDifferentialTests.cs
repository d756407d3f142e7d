using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Overlay.KernelPath.Maps;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Outbound;
using Overlay.Router.Packets;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;

namespace Overlay.KernelPath.Tests;

/// <summary>
/// The encapsulating program beside user space on the same packets: what it sends, user space sends to the same peer,
/// with the same bytes; everything else it leaves to user space as it came.
/// </summary>
public sealed class OutboundDifferentialTests(ITestOutputHelper output)
{
    private const int PacketsPerTable = 2000;
    private const int WiderMtu = 1400;
    private const int NarrowerMtu = 600;

    [Theory]
    [InlineData(24)]
    [InlineData(20)]
    public void The_program_sends_what_user_space_sends_and_leaves_everything_else_as_it_came(int subnetLength)
    {
        using var rig = new OutboundRig(subnetLength);
        int seed = Runs.Seed(output);
        int packets = Runs.Datagrams(60_000);
        var random = new RandomPackets(seed);
        RouteTable table = RouteTable.Empty;
        var reached = new Dictionary<Ipv4Address, int>();
        var sent = new Dictionary<Ipv4Address, (ulong Packets, ulong Bytes)>();
        long plain = 0;
        long plainSent = 0;
        long totalSent = 0;
        long[] verdicts = new long[DropReasons.All.Count];
        for (int i = 0; i < packets; i++)
        {
            if (i % PacketsPerTable == 0)
            {
                CheckCounters(rig.Slots, sent);
                table = random.NextTable(subnetLength);
                NextPeers(random, rig, table, reached);
                foreach (PeerSlot peer in rig.Slots.Peers)
                {
                    ulong[] counted = rig.Slots.Counted(peer);
                    sent[peer.Address] = (
                        counted[SlotCounters.OutboundPackets / sizeof(ulong)],
                        counted[SlotCounters.OutboundBytes / sizeof(ulong)]);
                }
            }

            byte[] packet = NextPacket(random, rig, table, out bool isPlain);
            DropReason verdict = Judge(table, rig.Host.Own, packet, out byte[] stepped, out Ipv4Address nextHop);
            verdicts[(int)verdict]++;
            (bool hasLeft, byte[] bytes) = rig.Send(packet);

            string Case() => $"seed {seed}, packet {i}: {Convert.ToHexString(packet)}, user space: {verdict} to "
                + $"{nextHop}, own {string.Join(' ', table.Own)}, routes "
                + string.Join(' ', table.Routes.Select(route => $"{route.Destination}→{route.NextHop}"));
            isPlain = isPlain && verdict == DropReason.None && packet[0] == 0x45 && packet[9] != PacketBuilder.Udp
                && Ipv4Address.Read(packet.AsSpan(12)) != rig.Host.Own.Address
                && packet.Length <= reached.GetValueOrDefault(nextHop)
                && RandomPackets.IsOfOneWay(table, Ipv4Address.Read(packet.AsSpan(16)), subnetLength)
                && !table.IsOwn(Ipv4Address.Read(packet.AsSpan(16)));
            plain += isPlain ? 1 : 0;
            if (!hasLeft)
            {
                Assert.True(bytes.AsSpan().SequenceEqual(packet), $"{Convert.ToHexString(bytes)} of {Case()}");
                continue;
            }

            Assert.True(verdict == DropReason.None, $"sent: {Case()}");
            Assert.True(stepped.Length <= reached.GetValueOrDefault(nextHop), $"sent, but not reached so: {Case()}");
            Assert.True(
                IsDatagram(bytes, rig.Host.Own, nextHop, stepped), $"sent {Convert.ToHexString(bytes)}: {Case()}");
            sent[nextHop] = (sent[nextHop].Packets + 1, sent[nextHop].Bytes + (ulong)stepped.Length);
            totalSent++;
            plainSent += isPlain ? 1 : 0;
        }

        CheckCounters(rig.Slots, sent);
        output.WriteLine(
            $"{packets} packets, {verdicts[(int)DropReason.None]} accepted by user space, {totalSent} of them sent by "
                + $"the program; {plainSent} of {plain} plain ones");
        Assert.True(plain > packets / 20, $"seed {seed}: only {plain} plain packets");
        Assert.True(plainSent == plain, $"seed {seed}: {plainSent} of {plain} plain ones sent");
        foreach (DropReason reason in (DropReason[])
            [
                DropReason.ShortPacket, DropReason.NotIpv4, DropReason.BadHeader, DropReason.Looped,
                DropReason.NoRoute, DropReason.TtlExpired,
            ])
        {
            Assert.True(verdicts[(int)reason] > packets / 10_000, $"seed {seed}: {reason} was hardly tried");
        }
    }

    private static void NextPeers(
        RandomPackets random, OutboundRig rig, RouteTable table, Dictionary<Ipv4Address, int> reached)
    {
        KernelPeer[] peers = [.. table.Routes.Select(route => route.NextHop).Distinct()
            .Where(_ => random.Random.Next(8) > 0)
            .Select(hop => new KernelPeer(hop, random.Random.Next(3) == 0 ? NarrowerMtu : WiderMtu))];
        rig.Slots.Add(table, peers);
        rig.Slots.RemoveOthers(table, peers);
        reached.Clear();
        foreach (PeerSlot peer in rig.Slots.Peers)
        {
            bool isReached = random.Random.Next(5) > 0;
            rig.Slots.SetInnerMtu(peer, peer.RouteMtu);
            rig.Maps.States.Set(
                peer.Slot, default(PeerState) with { ReachableUntil = isReached ? ulong.MaxValue : 1 });
            if (isReached)
            {
                reached[peer.Address] = peer.RouteMtu;
            }
        }
    }

    private static byte[] NextPacket(RandomPackets random, OutboundRig rig, RouteTable table, out bool isPlain)
    {
        Ipv4Address source = random.Random.Next(12) == 0 ? rig.Host.Own.Address : random.AddressIn(table.OwnSubnet);
        Ipv4Address destination = table.Routes.Count == 0 || random.Random.Next(6) == 0
            ? random.AnyAddress(table) : random.AddressIn(random.Pick(table.Routes).Destination);
        byte[] packet = random.NextPacket(source, destination, TestHost.TunnelMtu - 160); // options, and 100 more
        if (random.Random.Next(16) == 0 && packet.Length >= 28 && (packet[0] & 15) == 5)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(20), rig.Host.Own.Port);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(22), rig.Host.Own.Port);
        }

        isPlain = random.Random.Next(3) > 0;
        for (int mutations = isPlain ? 0 : random.Random.Next(1, 4); mutations > 0; mutations--)
        {
            if (random.Random.Next(4) == 0)
            {
                Array.Resize(ref packet, Math.Max(1, random.Random.Next(3) == 0
                    ? random.Random.Next(40) : packet.Length + random.Random.Next(-4, 5)));
            }
            else
            {
                random.MutateHeader(packet);
            }
        }

        return packet;
    }

    // Valid IPv4, then the verdict, as Encapsulator does it.
    private static DropReason Judge(
        RouteTable table, TunnelEndpoint own, byte[] packet, out byte[] stepped, out Ipv4Address nextHop)
    {
        (stepped, nextHop) = ([], default);
        DropReason verdict = Ipv4Header.Parse((byte[])packet.Clone(), out Ipv4Header header);
        if (verdict == DropReason.None)
        {
            verdict = OutboundRules.Route(table, own, header, out nextHop);
            if (verdict == DropReason.None)
            {
                header.StepTimeToLive();
                stepped = header.Packet.ToArray();
            }
        }

        return verdict;
    }

    private static bool IsDatagram(byte[] frame, TunnelEndpoint own, Ipv4Address peer, byte[] inner)
    {
        ReadOnlySpan<byte> outer = frame.AsSpan(Frames.EthernetBytes);
        ReadOnlySpan<byte> udp = outer[Frames.Ipv4Bytes..];
        return frame.Length == Frames.HeaderBytes + inner.Length
            && outer[0] == 0x45 && outer[1] == 0 && Frames.HasRightChecksum(outer[..Frames.Ipv4Bytes])
            && BinaryPrimitives.ReadUInt16BigEndian(outer[2..]) == outer.Length
            && BinaryPrimitives.ReadUInt16BigEndian(outer[6..]) == 0x4000
            && outer[8] == 64 && outer[9] == PacketBuilder.Udp
            && Ipv4Address.Read(outer[12..]) == own.Address && Ipv4Address.Read(outer[16..]) == peer
            && BinaryPrimitives.ReadUInt16BigEndian(udp) == own.Port
            && BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) == own.Port
            && BinaryPrimitives.ReadUInt16BigEndian(udp[4..]) == udp.Length
            && udp[6] == 0 && udp[7] == 0
            && udp[8..].SequenceEqual(inner);
    }

    private static void CheckCounters(
        PeerSlots slots, Dictionary<Ipv4Address, (ulong Packets, ulong Bytes)> sent)
    {
        foreach (PeerSlot peer in slots.Peers)
        {
            ulong[] counted = slots.Counted(peer);
            Assert.Equal(sent[peer.Address].Packets, counted[SlotCounters.OutboundPackets / sizeof(ulong)]);
            Assert.Equal(sent[peer.Address].Bytes, counted[SlotCounters.OutboundBytes / sizeof(ulong)]);
            Assert.Equal(0ul, counted[SlotCounters.OutboundDrops / sizeof(ulong)]);
        }
    }
}
