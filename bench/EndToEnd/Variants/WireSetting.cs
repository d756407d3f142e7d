using System.Collections.Generic;
using Overlay.Lab;

namespace Overlay.Bench.Variants;

/// <summary>Makes the wire behave as asked (ethtool(8)).</summary>
internal static class WireSetting
{
    /// <summary>
    /// What a plain network card lacks: with it off the kernel cuts superpackets before they reach the wire.
    /// </summary>
    private static readonly string[] s_segmentation =
        ["gso", "tso", "tx-udp-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"];

    /// <summary>Sets both ends.</summary>
    /// <exception cref="LabException">ethtool is missing, or refuses.</exception>
    internal static void Apply(Wire wire, LabPlan plan, IpCommand ip)
    {
        if (wire == Wire.Veth)
        {
            return;
        }

        string ethtool = Find();
        List<string> words = ["-K", "eth0", "gro", "on"];
        foreach (string feature in s_segmentation)
        {
            words.AddRange([feature, "off"]);
        }

        foreach (HostPlan host in plan.Hosts)
        {
            _ = ip.Run([.. (string[])["netns", "exec", host.HostNamespace, ethtool], .. words]);
        }
    }

    /// <summary>Where it is.</summary>
    /// <exception cref="LabException">It is not installed.</exception>
    internal static string Find() =>
        ChildCommand.Find("ethtool")
            ?? throw new LabException("ethtool is missing, which --wire nic needs: apt-get install ethtool");
}
