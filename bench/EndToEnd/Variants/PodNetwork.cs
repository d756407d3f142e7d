using System.Collections.Generic;
using System.Linq;
using System.Net;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>Hosts and pods with the addresses that daemons would lease, where no daemon does.</summary>
internal static class PodNetwork
{
    private const int PrefixLength = 24;

    /// <summary>Builds the lab and puts a pod behind each host.</summary>
    /// <returns>Each host's subnet: 10.244.1.0/24 and 10.244.2.0/24.</returns>
    internal static IReadOnlyList<SubnetFacts> Attach(LabPlan plan, IpCommand ip, int mtu)
    {
        var topology = new LabTopology(plan, ip);
        topology.Build();
        SubnetFacts[] subnets =
            [.. plan.Hosts.Select(
                host => new SubnetFacts(new IPAddress([10, 244, (byte)host.Number, 1]), PrefixLength, mtu))];
        foreach ((HostPlan host, SubnetFacts subnet) in plan.Hosts.Zip(subnets))
        {
            topology.AttachPod(host, subnet);
        }

        return subnets;
    }
}
