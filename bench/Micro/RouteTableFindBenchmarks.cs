using System;
using System.Linq;
using BenchmarkDotNet.Attributes;
using Overlay.Net;
using Overlay.Router.Routes;

namespace Overlay.Micro;

/// <summary>
/// A lookup for each of 4,096 random destinations, all of them leased, in tables of 2 to 65,535 leases. A host talks to
/// some of its peers at a time: <see cref="Find"/> to at most 256 of them, so that the table's size is what differs;
/// <see cref="FindAcrossAll"/> to all of them alike, so that the processor's caches differ too. Stock flannel scans its
/// table;
/// <see cref="ScanLikeStock"/> is such a scan, for scale.
/// </summary>
[MemoryDiagnoser]
public class RouteTableFindBenchmarks
{
    private const int Lookups = 4096;
    private const int ScannedLookups = 64;
    private const int BusyPeers = 256;

    private static readonly Ipv4Prefix s_network = Ipv4Prefix.Parse("10.0.0.0/8");
    private static readonly Ipv4Address s_firstPeer = Ipv4Address.Parse("172.16.0.1");

    private readonly Ipv4Address[] _destinations = new Ipv4Address[Lookups];
    private readonly Ipv4Address[] _destinationsAcrossAll = new Ipv4Address[Lookups];
    private RouteTable _table = RouteTable.Empty;
    private Route[] _routes = [];
    private uint _rightSum;
    private uint _rightSumAcrossAll;
    private uint _rightSumOfScanned;

    [Params(2, 256, 65_535)]
    public int LeaseCount { get; set; }

    [GlobalSetup]
    public void Build()
    {
        var random = new Random(1);
        _routes = [.. Enumerable.Range(0, LeaseCount)
            .Select(i => new Route(SubnetOf(i), s_firstPeer + (uint)i))];
        _table = RouteTable.Build(s_network, SubnetOf(0xFFFF), _routes);
        for (int i = 0; i < Lookups; i++)
        {
            // The busy ones are spread over the table.
            int busy = random.Next(Math.Min(BusyPeers, LeaseCount)) * Math.Max(1, LeaseCount / BusyPeers);
            _destinations[i] = SubnetOf(busy).First + (uint)random.Next(256);
            _destinationsAcrossAll[i] = SubnetOf(random.Next(LeaseCount)).First + (uint)random.Next(256);
        }

        _rightSum = SumOfPeers(_destinations);
        _rightSumAcrossAll = SumOfPeers(_destinationsAcrossAll);
        _rightSumOfScanned = SumOfPeers(_destinations.AsSpan(0, ScannedLookups));
    }

    /// <summary>First match of a linear scan over 64 of the lookups.</summary>
    [Benchmark(OperationsPerInvoke = ScannedLookups, Baseline = true)]
    public uint ScanLikeStock()
    {
        uint sum = 0;
        foreach (Ipv4Address destination in _destinations.AsSpan(0, ScannedLookups))
        {
            foreach (Route route in _routes)
            {
                if (route.Destination.Contains(destination))
                {
                    sum += route.NextHop.Value;
                    break;
                }
            }
        }

        WrongResult.Unless(sum == _rightSumOfScanned, "another next hop");
        return sum;
    }

    /// <summary>The lookup as the outbound path does it: destination to next hop.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint Find() => FindEach(_destinations, _rightSum);

    /// <summary>The same, every lease as busy as every other.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint FindAcrossAll() => FindEach(_destinationsAcrossAll, _rightSumAcrossAll);

    /// <summary>Is the outer source a peer, as the inbound path asks.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public int IsPeer()
    {
        RouteTable table = _table;
        int peers = 0;
        foreach (Ipv4Address destination in _destinations)
        {
            peers += table.IsPeer(PeerOf(destination)) ? 1 : 0;
        }

        WrongResult.Unless(peers == Lookups, "a peer that is a stranger");
        return peers;
    }

    private uint FindEach(Ipv4Address[] destinations, uint rightSum)
    {
        RouteTable table = _table;
        uint sum = 0;
        foreach (Ipv4Address destination in destinations)
        {
            sum += table.Find(destination).Value;
        }

        WrongResult.Unless(sum == rightSum, "another next hop");
        return sum;
    }

    private static Ipv4Prefix SubnetOf(int lease) => new(s_network.First + ((uint)lease << 8), 24);

    private static Ipv4Address PeerOf(Ipv4Address destination) =>
        s_firstPeer + ((destination.Value - s_network.First.Value) >> 8);

    private static uint SumOfPeers(ReadOnlySpan<Ipv4Address> destinations)
    {
        uint sum = 0;
        foreach (Ipv4Address destination in destinations)
        {
            sum += PeerOf(destination).Value;
        }

        return sum;
    }
}
