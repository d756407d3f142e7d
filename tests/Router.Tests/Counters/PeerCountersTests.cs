using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Net;
using Overlay.Router.Counters;
using Overlay.Router.Routes;
using Xunit;

namespace Overlay.Router.Tests.Counters;

public sealed class PeerCountersTests
{
    private readonly PeerCounters _counters = new();

    [Fact]
    public void What_was_forwarded_is_counted_for_its_peer_and_for_nobody_else()
    {
        _counters.Follow(TableOf(1, 2));
        _counters.Add(Peer(1), 2, 100);
        _counters.Add(Peer(2), 1, 7);
        _counters.Add(Peer(3), 5, 500); // no peer
        _counters.Add(default, 5, 500);
        _counters.Add(Peer(1), 1, 50);

        Assert.Equal([(Peer(1), 3, 150), (Peer(2), 1, 7)], Read());
    }

    [Fact]
    public void A_peer_that_goes_keeps_nothing_and_begins_anew_when_it_comes_back()
    {
        _counters.Follow(TableOf(1, 2));
        _counters.Add(Peer(1), 2, 100);
        _counters.Add(Peer(2), 1, 7);
        _counters.Follow(TableOf(2));
        Assert.Equal([(Peer(2), 1, 7)], Read());
        _counters.Add(Peer(1), 2, 100);

        _counters.Follow(TableOf(1, 2));
        _counters.Add(Peer(1), 1, 30);
        Assert.Equal([(Peer(1), 1, 30), (Peer(2), 1, 7)], Read());
    }

    [Fact]
    public void Whatever_peers_come_and_go_the_numbers_are_those_of_a_plain_count()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var expected = new Dictionary<Ipv4Address, (long Packets, long Bytes)>();
        for (int change = 0; change < 50; change++)
        {
            HashSet<Ipv4Address> peers =
                [.. Enumerable.Range(1, 300).Where(_ => random.Next(3) > 0).Select(number => Peer(number))];
            _counters.Follow(TableOf([.. peers]));
            foreach (Ipv4Address gone in expected.Keys.Where(peer => !peers.Contains(peer)).ToList())
            {
                expected.Remove(gone);
            }

            for (int message = 0; message < 500; message++)
            {
                Ipv4Address peer = Peer(random.Next(1, 301));
                (int packets, int bytes) = (random.Next(1, 65), random.Next());
                _counters.Add(peer, packets, bytes);
                if (peers.Contains(peer))
                {
                    (long allPackets, long allBytes) = expected.GetValueOrDefault(peer);
                    expected[peer] = (allPackets + packets, allBytes + bytes);
                }
            }

            Assert.Equal(Sorted(expected), Read());
        }
    }

    [Fact]
    public void Counting_for_peers_that_are_known_takes_no_memory()
    {
        _counters.Follow(TableOf(1, 2, 3));
        Count();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Count();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Count()
        {
            for (int i = 0; i < 1000; i++)
            {
                _counters.Add(Peer((i % 4) + 1), 1, 1400); // the fourth is none
            }
        }
    }

    private static Ipv4Address Peer(int number) => new(0xAC100000 + (uint)number);

    private static RouteTable TableOf(params int[] peers) => TableOf([.. peers.Select(Peer)]);

    private static RouteTable TableOf(Ipv4Address[] peers) => RouteTable.Build(
        Ipv4Prefix.Parse("10.0.0.0/8"), Ipv4Prefix.Parse("10.255.0.0/24"), peers.Select(
            peer => new Route(new Ipv4Prefix(new Ipv4Address(0x0A000000 + ((peer.Value & 0xFFFF) << 8)), 24), peer)));

    private (Ipv4Address Peer, long Packets, long Bytes)[] Read()
    {
        Dictionary<Ipv4Address, (long Packets, long Bytes)> sums = [];
        _counters.AddTo(sums);
        return Sorted(sums);
    }

    private static (Ipv4Address Peer, long Packets, long Bytes)[] Sorted(
        Dictionary<Ipv4Address, (long Packets, long Bytes)> sums) =>
        [.. sums.OrderBy(peer => peer.Key).Select(peer => (peer.Key, peer.Value.Packets, peer.Value.Bytes))];
}
