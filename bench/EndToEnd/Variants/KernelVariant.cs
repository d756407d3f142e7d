using System.Collections.Generic;
using System.Linq;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>A way that the kernel alone carries: the wire itself, plain routing, VXLAN as flannel sets it up.</summary>
internal sealed class KernelVariant : RunningVariant
{
    private const string Underlay = "eth0", Vxlan = "flannel.1";

    // Of flannel's VXLAN backend (pkg/backend/vxlan): VNI 1, the kernel's own old default port.
    private const int VxlanPort = 8472;

    // Outer IPv4, UDP and VXLAN headers, and the inner Ethernet header (RFC 7348, section 5).
    private const int VxlanBytes = 20 + 8 + 8 + 14;

    private string _device = Underlay;

    /// <inheritdoc/>
    internal override string Carrier => _device;

    /// <summary>Host to host, nothing in between.</summary>
    internal static KernelVariant Direct(Variant variant, LabPlan plan, IpCommand ip)
    {
        new LabTopology(plan, ip).Build();
        return new KernelVariant
        {
            Variant = variant,
            Plan = plan,
            FirstNamespace = plan.Hosts[0].HostNamespace,
            SecondNamespace = plan.Hosts[1].HostNamespace,
            FirstAddress = plan.Hosts[0].UnderlayAddress,
            SecondAddress = plan.Hosts[1].UnderlayAddress,
            Mtu = LabPlan.WireMtu,
        };
    }

    /// <summary>Pod to pod by routes alone, as flannel's host-gw backend.</summary>
    internal static KernelVariant Routing(Variant variant, LabPlan plan, IpCommand ip)
    {
        IReadOnlyList<SubnetFacts> subnets = PodNetwork.Attach(plan, ip, LabPlan.WireMtu);
        for (int i = 0; i < 2; i++)
        {
            ip.Batch(
                plan.Hosts[i].HostNamespace, [$"route add {subnets[1 - i].Subnet} via "
                    + $"{plan.Hosts[1 - i].UnderlayAddress}"]);
        }

        return Between(variant, plan, subnets, LabPlan.WireMtu, Underlay);
    }

    /// <summary>Pod to pod through kernel VXLAN, with flannel's own parameters.</summary>
    internal static KernelVariant OverVxlan(Variant variant, LabPlan plan, IpCommand ip)
    {
        const int Mtu = LabPlan.WireMtu - VxlanBytes;
        IReadOnlyList<SubnetFacts> subnets = PodNetwork.Attach(plan, ip, Mtu);
        for (int i = 0; i < 2; i++)
        {
            ip.Batch(
                plan.Hosts[i].HostNamespace,
                [
                    $"link add {Vxlan} address {Mac(i)} mtu {Mtu} type vxlan id 1 dstport {VxlanPort} local "
                        + $"{plan.Hosts[i].UnderlayAddress} dev {Underlay} nolearning",
                    $"addr add {subnets[i].Network}/32 dev {Vxlan}",
                    $"link set {Vxlan} up",
                    $"neigh add {subnets[1 - i].Network} lladdr {Mac(1 - i)} dev {Vxlan} nud permanent",
                    $"route add {subnets[1 - i].Subnet} via {subnets[1 - i].Network} dev {Vxlan} onlink",
                ]);
            _ = ip.Run(
                "netns", "exec", plan.Hosts[i].HostNamespace, "bridge", "fdb", "append", Mac(1 - i),
                "dev", Vxlan, "dst", plan.Hosts[1 - i].UnderlayAddress.ToString());
        }

        return Between(variant, plan, subnets, Mtu, Vxlan);
    }

    /// <inheritdoc/>
    internal override long ReadCarriedBytes() =>
        Plan.Hosts.Sum(host => LinkBytes.Received(host.HostNamespace, _device));

    private static KernelVariant Between(
        Variant variant, LabPlan plan, IReadOnlyList<SubnetFacts> subnets, int mtu, string device) => new()
    {
        Variant = variant,
        Plan = plan,
        FirstNamespace = plan.Hosts[0].PodNamespace,
        SecondNamespace = plan.Hosts[1].PodNamespace,
        FirstAddress = subnets[0].Pod,
        SecondAddress = subnets[1].Pod,
        Mtu = mtu,
        _device = device,
    };

    private static string Mac(int host) => $"02:00:00:00:00:0{host + 1}";
}
