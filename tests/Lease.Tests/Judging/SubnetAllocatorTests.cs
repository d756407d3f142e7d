using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lease.Judging;
using Overlay.Net;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Judging;

public sealed class SubnetAllocatorTests
{
    [Fact]
    public void Picks_among_the_first_hundred_free_and_any_of_them()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");
        var random = new Random(1);

        HashSet<Ipv4Prefix> picked = [.. Enumerable.Range(0, 5_000)
            .Select(_ => SubnetAllocator.Pick(config, [Cidr("10.5.1.0/24")], random).GetValueOrDefault())];

        Assert.Equal(100, picked.Count);
        Assert.Equal("10.5.2.0/24", picked.MinBy(prefix => prefix.Address).ToString());
        Assert.Equal("10.5.101.0/24", picked.MaxBy(prefix => prefix.Address).ToString());
    }

    [Fact]
    public void CFG_44_gives_no_subnet_when_the_first_is_above_the_last()
    {
        var config = NetworkConfig.Parse(
            """{"Network":"10.3.0.0/16","SubnetMin":"10.3.9.0","SubnetMax":"10.3.2.0"}""");

        Assert.Null(SubnetAllocator.Pick(config, [], new Random(1)));
    }

    [Fact]
    public void Gives_no_subnet_when_all_are_taken()
    {
        var config = NetworkConfig.Parse("""{"Network":"10.3.0.0/28"}""");

        Assert.Null(SubnetAllocator.Pick(
            config, [Cidr("10.3.0.4/30"), Cidr("10.3.0.8/31"), Cidr("10.3.0.12/32")], new Random(1)));
    }

    [Fact]
    public void Ends_at_the_end_of_the_address_space()
    {
        var config = NetworkConfig.Parse("""{"Network":"255.255.255.0/24"}""");

        Assert.Equal(
            Cidr("255.255.255.192/26"),
            SubnetAllocator.Pick(config, [Cidr("255.255.255.64/26"), Cidr("255.255.255.128/26")], new Random(1)));
        Assert.Null(SubnetAllocator.Pick(config, [Cidr("255.255.255.0/24")], new Random(1)));
    }

    [Fact]
    public void Agrees_with_a_slow_walk_over_random_tables()
    {
        const int Seed = 3_4;
        var random = new Random(Seed);
        for (int round = 0; round < 2_000; round++)
        {
            int networkLength = random.Next(16, 27);
            int subnetLength = random.Next(networkLength + 2, 31);
            var anyAddress = new Ipv4Address((uint)random.NextInt64(1L << 32));
            Ipv4Prefix network = new Ipv4Prefix(anyAddress, networkLength).Masked();
            var config = NetworkConfig.Parse($$"""{"Network":"{{network}}","SubnetLen":{{subnetLength}}}""");
            List<Ipv4Prefix> taken = [];
            for (int count = random.Next(40); count > 0; count--)
            {
                Ipv4Address address = network.First + (uint)random.NextInt64(1L << (32 - networkLength));
                taken.Add(new Ipv4Prefix(address, random.Next(networkLength + 1, 33)).Masked());
            }

            int choice = random.Next();
            Ipv4Prefix? expected = SlowPick(config, taken, new Random(choice));
            Ipv4Prefix? actual = SubnetAllocator.Pick(config, taken, new Random(choice));
            Assert.True(
                expected == actual, $"seed {Seed}, round {round}: {network} /{subnetLength}: {expected} {actual}");
        }
    }

    private static Ipv4Prefix? SlowPick(NetworkConfig config, List<Ipv4Prefix> taken, Random random)
    {
        List<Ipv4Prefix> free = [];
        ulong step = 1UL << (32 - config.SubnetLength);
        for (ulong address = config.SubnetMin.Value; address <= config.SubnetMax.Value; address += step)
        {
            var candidate = new Ipv4Prefix(new Ipv4Address((uint)address), config.SubnetLength);
            if (free.Count < 100 && !taken.Any(candidate.Overlaps))
            {
                free.Add(candidate);
            }
        }

        return free.Count == 0 ? null : free[random.Next(free.Count)];
    }
}
