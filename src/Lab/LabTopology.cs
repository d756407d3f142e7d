using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Overlay.Lab;

/// <summary>Builds a lab's namespaces, wire and pods with iproute2.</summary>
/// <remarks>
/// Interfaces are created inside the lab's namespaces and settings are written by threads that are inside them: the
/// machine's own network is never named.
/// </remarks>
public sealed class LabTopology(LabPlan plan, IpCommand ip)
{
    /// <summary>The wire: a bridge in its own namespace.</summary>
    public const string Wire = "wire0";

    /// <summary>Creates the namespaces, and the wire with every host's eth0 on it.</summary>
    /// <exception cref="LabException">A command failed.</exception>
    public void Build()
    {
        ip.Batch(null, [.. plan.Namespaces.Select(name => $"netns add {name}")]);
        foreach (string name in plan.Namespaces)
        {
            Configure(name);
        }

        if (plan.HasBridge)
        {
            JoinByBridge();
        }
        else
        {
            ip.Batch(plan.Hosts[0].HostNamespace, [$"link add eth0 {VethTo(plan.Hosts[1])}"]);
        }

        foreach (HostPlan host in plan.Hosts)
        {
            ip.Batch(
                host.HostNamespace,
                [
                    "link set lo up",
                    $"addr add {host.UnderlayAddress}/{LabPlan.UnderlayPrefixLength} dev eth0",
                    "link set eth0 up",
                ]);
        }
    }

    /// <summary>Gives a host its cni0 bridge and one pod, as a CNI plugin does once the daemon is ready.</summary>
    /// <exception cref="LabException">A command failed.</exception>
    public void AttachPod(HostPlan host, SubnetFacts subnet)
    {
        ip.Batch(
            host.HostNamespace,
            [
                $"link add cni0 mtu {subnet.Mtu} type bridge",
                $"addr add {subnet.Gateway}/{subnet.PrefixLength} dev cni0",
                "link set cni0 up",
                $"link add veth0 mtu {subnet.Mtu} type veth peer name eth0 mtu {subnet.Mtu} netns {host.PodNamespace}",
                "link set veth0 master cni0 up",
            ]);
        ip.Batch(
            host.PodNamespace,
            [
                "link set lo up",
                $"addr add {subnet.Pod}/{subnet.PrefixLength} dev eth0",
                "link set eth0 up",
                $"route add default via {subnet.Gateway}",
            ]);
    }

    private void JoinByBridge()
    {
        List<string> wire = [$"link add {Wire} mtu {LabPlan.WireMtu} type bridge", $"link set {Wire} up"];
        foreach (HostPlan host in plan.Hosts)
        {
            wire.Add($"link add {host.Name} {VethTo(host)}");
            wire.Add($"link set {host.Name} master {Wire} up");
        }

        ip.Batch(plan.WireNamespace, wire);
    }

    private static string VethTo(HostPlan host) =>
        $"mtu {LabPlan.WireMtu} type veth peer name eth0 mtu {LabPlan.WireMtu} netns {host.HostNamespace}";

    private static void Configure(string networkNamespace) =>
        LabNamespace.Run(networkNamespace, () =>
        {
            // A new namespace starts from the machine's own settings, whatever they are.
            Write("/proc/sys/net/ipv4/ip_forward", "1");
            Write("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
            Write("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
            // IPv6 would send neighbour and multicast reports through every interface, counted as drops by the daemons.
            Write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
            Write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        });

    private static void Write(string setting, string value)
    {
        if (File.Exists(setting))
        {
            File.WriteAllText(setting, value);
        }
    }
}
