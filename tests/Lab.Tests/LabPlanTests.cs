using System;
using System.Linq;
using Xunit;

namespace Overlay.Lab.Tests;

public sealed class LabPlanTests
{
    [Fact]
    public void The_first_two_hosts_have_the_addresses_of_the_literature()
    {
        var plan = new LabPlan("overlay-test", "/run/overlay-test", 4);

        Assert.Equal(
            ["172.16.0.5", "172.16.0.4", "172.16.0.6", "172.16.0.7"],
            plan.Hosts.Select(host => host.UnderlayAddress.ToString()));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public void Every_address_and_namespace_is_its_own(int hosts)
    {
        var plan = new LabPlan("overlay-test", "/run/overlay-test", hosts);

        Assert.Equal(hosts, plan.Hosts.Select(host => host.UnderlayAddress).Distinct().Count());
        Assert.Equal(1 + (2 * hosts), plan.Namespaces.Distinct().Count());
        Assert.All(plan.Namespaces, name => Assert.StartsWith("overlay-test-", name));
        Assert.All(plan.Hosts, host => Assert.StartsWith("/run/overlay-test/", host.SubnetFile));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(21)]
    public void Other_counts_are_refused(int hosts) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LabPlan("overlay-test", "/run/overlay-test", hosts));
}
