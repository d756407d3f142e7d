using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lease.Judging;
using Overlay.Net;
using Xunit;
using static Overlay.Lease.Tests.Judging.LeaseJudgeTests;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Judging;

public sealed class LeaseLedgerTests(ITestOutputHelper output)
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly List<LeaseFault> _faults = [];

    [Fact]
    public void Removing_a_lease_brings_in_what_it_kept_out()
    {
        LeaseLedger ledger = NewLedger();
        Assert.Equal("+10.5.8.0/22", Put(ledger, Entry("10.5.8.0-22", "192.0.2.1", created: 1)));
        Assert.Equal("", Put(ledger, Entry("10.5.9.0-24", "192.0.2.2", created: 2)));
        Assert.Equal("", Put(ledger, Entry("10.5.11.0-24", "192.0.2.3", created: 3)));

        Assert.Equal("-10.5.8.0/22 +10.5.11.0/24 +10.5.9.0/24", Remove(ledger, "10.5.8.0-22"));
        Assert.Equal(["10.5.9.0-24", "10.5.11.0-24"], _faults.Select(fault => fault.Stored.Name));
    }

    [Fact]
    public void A_renewal_is_reported_and_what_was_not_written_is_not()
    {
        LeaseLedger ledger = NewLedger();
        Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 1));
        Put(ledger, Entry("10.5.9.0-24", "192.0.2.2", created: 2));

        Assert.Equal("+10.5.8.0/24", Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 1)));
    }

    [Fact]
    public void An_entry_that_comes_and_goes_within_one_update_leaves_nothing()
    {
        LeaseLedger ledger = NewLedger();
        StoredLease entry = Entry("10.5.8.0-24", "192.0.2.1", created: 1);

        Assert.Empty(ledger.Apply([("10.5.8.0-24", entry), ("10.5.8.0-24", null)]));
        Assert.Empty(ledger.Stored);
    }

    [Fact]
    public void A_fault_is_reported_once_for_each_version_and_again_when_it_comes_back()
    {
        LeaseLedger ledger = NewLedger();
        Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 1));
        Put(ledger, Entry("10.5.8.0-23", "192.0.2.2", created: 2));
        Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 1));
        Assert.Single(_faults);

        Put(ledger, Entry("10.5.8.0-23", "192.0.2.2", created: 2));
        Assert.Equal(2, _faults.Count);

        Remove(ledger, "10.5.8.0-24");
        Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 1));
        Assert.Equal(3, _faults.Count);
    }

    [Fact]
    public void What_is_outside_the_network_does_not_count_and_keeps_nothing_out()
    {
        LeaseLedger ledger = NewLedger();
        Put(ledger, Entry("0.0.0.0-0", "192.0.2.9", created: 1));

        Assert.Equal("+10.5.8.0/24", Put(ledger, Entry("10.5.8.0-24", "192.0.2.1", created: 2)));
        Assert.Equal("0.0.0.0-0", Assert.Single(_faults).Stored.Name);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Entry_by_entry_comes_to_the_same_as_all_at_once(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        LeaseLedger ledger = NewLedger();
        HashSet<Ipv4Prefix> counted = [];
        for (int step = 0; step < 3_000; step++)
        {
            List<(string, StoredLease?)> touched = [];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                touched.Add(RandomTouch(random, step));
            }

            foreach (LeaseChange change in ledger.Apply(touched))
            {
                if (change.Kind == LeaseChangeKind.Put)
                {
                    counted.Add(change.Subnet);
                }
                else
                {
                    Assert.True(counted.Remove(change.Subnet), $"{change.Subnet} is removed but was never added");
                }
            }

            LeaseSurvey all = LeaseJudge.Judge([.. ledger.Stored.Values], s_config, DateTimeOffset.UnixEpoch, "key");
            Assert.Equal(
                all.Counting.Select(entry => entry.Name).Order(StringComparer.Ordinal),
                ledger.Counting.Values.Select(entry => entry.Name).Order(StringComparer.Ordinal));
            Assert.Equal(all.Leases.Select(lease => lease.Subnet).ToHashSet(), counted);
        }

        Assert.NotEmpty(_faults);
    }

    [Fact]
    public void One_change_among_20000_leases_costs_no_more_than_one_among_200()
    {
        // Whatever is judged is listed first: what is allocated grows with the number of leases looked at.
        long few = AllocatedByOneChange(among: 200), many = AllocatedByOneChange(among: 20_000);

        output.WriteLine($"{few} bytes among 200 leases, {many} bytes among 20,000");
        Assert.InRange(many, 1, few * 2);
    }

    // Bytes, the fewest of several changes: the first one also pays for statics and for code that is not compiled yet.
    private long AllocatedByOneChange(int among)
    {
        var ledger = new LeaseLedger(NetworkConfig.Parse("""{"Network":"10.0.0.0/8"}"""), "key", _faults.Add);
        ledger.Apply([.. Enumerable.Range(1, among).Select(Touch)]);
        Assert.Equal(among, ledger.Counting.Count);
        long fewest = long.MaxValue;
        for (int host = 1; host <= 100; host++)
        {
            (string, StoredLease?)[] change = [Touch(host)];
            long before = GC.GetAllocatedBytesForCurrentThread();
            IReadOnlyList<LeaseChange> changes = ledger.Apply(change);
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Single(changes);
        }

        return fewest;

        static (string, StoredLease?) Touch(int host)
        {
            string name = new SubnetKey(new Ipv4Prefix(Ip("10.0.0.0") + ((uint)host << 8), 24)).Format();
            return (name, Entry(name, $"{Ip("172.16.0.0") + (uint)host}", host));
        }
    }

    // Few addresses and many lengths, so that nearly everything overlaps something.
    private static (string, StoredLease?) RandomTouch(Random random, int step)
    {
        int length = random.Next(19, 28);
        var subnet = new Ipv4Prefix(Ip("10.5.0.0") + (uint)random.Next(0, 1 << 12) * 16, length);
        string name = new SubnetKey(random.Next(20) == 0 ? subnet : subnet.Masked()).Format();
        bool stays = random.Next(3) > 0;
        string publicIp = random.Next(20) == 0 ? "127.0.0.1" : $"192.0.2.{random.Next(1, 9)}";
        return (name, stays ? Entry(name, publicIp, random.Next(2) == 0 ? step : 0) : null);
    }

    private LeaseLedger NewLedger() => new(s_config, "key", _faults.Add);

    private static string Put(LeaseLedger ledger, StoredLease entry) => Described(ledger.Apply([(entry.Name, entry)]));

    private static string Remove(LeaseLedger ledger, string name) => Described(ledger.Apply([(name, null)]));

    private static string Described(IReadOnlyList<LeaseChange> changes) => string.Join(' ', changes
        .OrderBy(change => change.Kind == LeaseChangeKind.Put)
        .ThenBy(change => change.Subnet.ToString(), StringComparer.Ordinal)
        .Select(change => $"{(change.Kind == LeaseChangeKind.Put ? '+' : '-')}{change.Subnet}"));
}
