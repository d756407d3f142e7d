using System;
using System.Linq;
using Overlay.Lease.Judging;
using Xunit;
using static Overlay.Lease.Tests.Leases;

namespace Overlay.Lease.Tests.Judging;

public sealed class LeaseJudgeTests
{
    private static readonly NetworkConfig s_config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    [Fact]
    public void Of_two_that_overlap_the_one_made_first_counts_whatever_its_length()
    {
        LeaseSurvey survey = Judge(
            Entry("10.5.8.0-22", "192.0.2.1", created: 7),
            Entry("10.5.9.0-24", "192.0.2.2", created: 9),
            Entry("10.5.20.0-24", "192.0.2.3", created: 9),
            Entry("10.5.20.128-25", "192.0.2.4", created: 8));

        Assert.Equal([Cidr("10.5.8.0/22"), Cidr("10.5.20.128/25")], survey.Leases.Select(lease => lease.Subnet));
        Assert.Equal(
            ["10.5.20.0-24", "10.5.9.0-24"], survey.Faults.Select(fault => fault.Stored.Name)
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_two_made_together_the_configured_length_counts()
    {
        LeaseSurvey survey = Judge(
            Entry("10.5.8.0-22", "192.0.2.1", created: 7),
            Entry("10.5.9.0-24", "192.0.2.2", created: 7),
            Entry("10.5.9.0-25", "192.0.2.3", created: 7));

        Assert.Equal(Cidr("10.5.9.0/24"), Assert.Single(survey.Leases).Subnet);
    }

    [Fact]
    public void A_lease_that_lost_to_one_that_lost_itself_counts()
    {
        LeaseSurvey survey = Judge(
            Entry("10.5.9.0-24", "192.0.2.1", created: 1),
            Entry("10.5.8.0-22", "192.0.2.2", created: 2),
            Entry("10.5.10.0-24", "192.0.2.3", created: 3));

        Assert.Equal([Cidr("10.5.9.0/24"), Cidr("10.5.10.0/24")], survey.Leases.Select(lease => lease.Subnet));
    }

    [Theory]
    [InlineData("240.0.0.1", true)]
    [InlineData("0.1.2.3", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    public void A_lease_counts_where_one_host_can_have_its_public_address(string publicIp, bool counts)
    {
        LeaseSurvey survey = Judge(Entry("10.5.8.0-24", publicIp, created: 1));

        Assert.Equal(counts ? 1 : 0, survey.Leases.Count);
        Assert.Equal(counts ? 0 : 1, survey.Faults.Count);
    }

    [Theory]
    [InlineData("10.5.1.7-24", "192.0.2.1", "rename the key, or remove it")]
    [InlineData("10.6.1.0-24", "192.0.2.1", "or remove the key")]
    [InlineData("10.5.8.0-23", "192.0.2.1", "remove the key that is wrong")]
    public void A_fault_speaks_of_what_the_store_has(string name, string publicIp, string remedy)
    {
        LeaseSurvey survey = Judge(Entry("10.5.8.0-24", "192.0.2.9", created: 1), Entry(name, publicIp, created: 2));

        LeaseFault fault = Assert.Single(survey.Faults);
        Assert.Equal(name, fault.Stored.Name);
        Assert.EndsWith(remedy, fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lease_of_another_backend_counts_as_any_other()
    {
        SubnetLease lease = LeaseOf("10.5.8.0/24", "192.0.2.1");
        lease = lease with { Attributes = lease.Attributes with { Backend = new BackendLeaseData("vxlan") } };

        LeaseSurvey survey = Judge(new StoredLease("10.5.8.0-24") { Key = new SubnetKey(lease.Subnet), Lease = lease });

        Assert.Equal(lease, Assert.Single(survey.Leases));
    }

    internal static StoredLease Entry(string name, string publicIp, long created)
    {
        Assert.True(SubnetKey.TryParse(name, out SubnetKey key));
        return new StoredLease(name)
        {
            Key = key,
            Lease = new SubnetLease(key.Subnet, new LeaseAttributes(Ip(publicIp)), DateTimeOffset.MaxValue),
            Created = created,
        };
    }

    private static LeaseSurvey Judge(params StoredLease[] stored) =>
        LeaseJudge.Judge(stored, s_config, DateTimeOffset.UnixEpoch, "key");
}
