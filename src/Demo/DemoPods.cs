using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Lab.Cni;

namespace Overlay.Demo;

/// <summary><c>overlay demo --cni</c>: the pods as a container runtime makes them and takes them away.</summary>
/// <param name="plan">The lab.</param>
/// <param name="runtime">Calls the plugins.</param>
/// <param name="text">Where the story goes.</param>
internal sealed class DemoPods(LabPlan plan, CniRuntime runtime, DemoText text)
{
    // Of the second host; it leads to its pod.
    private static readonly HostPort s_port = new(OnHost: 8080, InPod: 80);

    private HostPlan Second => plan.Hosts[1];

    /// <summary>Has a host's pod made.</summary>
    /// <exception cref="LabException">A plugin failed, or has given another address.</exception>
    internal void Attach(HostPlan host, SubnetFacts subnet)
    {
        string address = runtime.Add(host, host.PodNamespace, host == Second ? s_port : null);
        if (address != $"{subnet.Pod}/{subnet.PrefixLength}")
        {
            throw new LabException($"the pod of {host.Name} has got {address}, not the first of {subnet.Subnet}");
        }
    }

    /// <summary>Connects from the first host to the second's port.</summary>
    internal bool AskHostPort()
    {
        string answer = HostPortProbe.Ask(
            plan.Hosts[0].HostNamespace, Second.UnderlayAddress, Second.PodNamespace, s_port);
        bool isPod = answer == Second.PodNamespace;
        text.Step(
            isPod, "cni",
            $"{plan.Hosts.Count} pods by flannel, bridge, host-local; "
                + $"{Second.UnderlayAddress}:{s_port.OnHost}{text.Arrow}pod:{s_port.InPod} by portmap"
                + (isPod ? "" : $": {answer}"));
        return isPod;
    }

    /// <summary>Takes all of them away.</summary>
    /// <returns>Whether the plugin has forgotten them.</returns>
    internal bool Release()
    {
        foreach (HostPlan host in plan.Hosts)
        {
            runtime.Delete(host, host.PodNamespace, host == Second ? s_port : null);
        }

        bool isForgotten = plan.Hosts.All(
            host => !Directory.EnumerateFileSystemEntries(runtime.DataDirectory(host)).Any());
        text.Step(isForgotten, "cni", $"{plan.Hosts.Count} pods deleted, nothing kept of them");
        return isForgotten;
    }
}
