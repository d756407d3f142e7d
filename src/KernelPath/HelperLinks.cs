using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.KernelPath.Programs;
using Overlay.Linux;
using Overlay.Linux.Bpf;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.KernelPath;

/// <summary>
/// The interfaces that TCP takes between its decapsulation and the tunnel: one merges segments, one takes superpackets.
/// </summary>
/// <remarks>
/// <para>Two veth pairs and a vxlan device. The far ends lie in a network namespace without a name, so that this host's
/// firewall and its operators meet only the near ends, and so that everything goes with the process: a namespace that
/// nobody holds takes its interfaces along, and their other ends.</para>
/// <para>The merger's far end merges what it receives (GRO) and returns it to the near end, which puts it into the
/// tunnel. The other pair leads to the vxlan device, whose socket is in that namespace, and which is itself
/// here.</para>
/// </remarks>
internal sealed class HelperLinks : IDisposable
{
    private const string FarMerger = "merge";
    private const string FarWhole = "whole";
    private const int Mtu = 65_535; // a veth's greatest
    private const int FarPrefixLength = 30;

    private readonly NetworkNamespace _namespace;
    private readonly BpfProgram[] _programs;

    private HelperLinks(
        NetworkNamespace helpers, BpfProgram[] programs, BpfLink[] links, DeliveryPoints points, int[] indexes)
    {
        _namespace = helpers;
        _programs = programs;
        Links = links;
        Points = points;
        Indexes = indexes;
    }

    /// <summary>Where the decapsulating program sends packets.</summary>
    internal DeliveryPoints Points { get; }

    /// <summary>The interfaces in this host's namespace: the merger, the whole-packet pair, the vxlan device.</summary>
    internal int[] Indexes { get; }

    /// <summary>The programs' places on the interfaces, far ends' too.</summary>
    internal IReadOnlyList<BpfLink> Links { get; }

    /// <summary>Makes the interfaces and puts their programs on them.</summary>
    /// <param name="netlink">Of the calling thread's namespace.</param>
    /// <param name="tunnelIndex">Where everything ends.</param>
    /// <exception cref="LinuxException">The kernel refused a step; nothing is left.</exception>
    internal static HelperLinks Open(RouteNetlink netlink, int tunnelIndex)
    {
        using var here = NetworkNamespace.OpenCurrent();
        var helpers = NetworkNamespace.Create();
        var opened = new List<IDisposable>();
        try
        {
            string stem = $"ovl{tunnelIndex}";
            (string merger, string whole, string receiver) = ($"{stem}-merge", $"{stem}-whole", $"{stem}-vxlan");
            netlink.CreateVethPair(merger, FarMerger, helpers, Mtu);
            netlink.CreateVethPair(whole, FarWhole, helpers, Mtu);
            int farMerger = helpers.Run(() => ConfigureFarEnds(here, receiver));
            int[] indexes = [BringUp(netlink, merger), BringUp(netlink, whole), BringUp(netlink, receiver)];
            LinkOffloads.SetTcpSegmentation(merger, false); // or the far end merges nothing (drivers/net/veth.c)

            BpfProgram toTunnel = Keep(BpfProgram.Load(
                "overlay_deliver", DeliveryPrograms.WriteToTunnel(tunnelIndex)));
            BpfProgram toNearEnd = Keep(BpfProgram.Load(
                "overlay_return", DeliveryPrograms.WriteToNearEnd(farMerger)));
            Keep(BpfLink.Attach(toTunnel, indexes[0], BpfAttachPoint.Ingress));
            Keep(BpfLink.Attach(toTunnel, indexes[2], BpfAttachPoint.Ingress));
            Keep(helpers.Run(() => BpfLink.Attach(toNearEnd, farMerger, BpfAttachPoint.Ingress)));
            return new HelperLinks(
                helpers,
                [.. opened.OfType<BpfProgram>()],
                [.. opened.OfType<BpfLink>()],
                new DeliveryPoints(tunnelIndex, indexes[0], indexes[1]),
                indexes);
        }
        catch
        {
            opened.ForEach(each => each.Dispose());
            helpers.Dispose();
            throw;
        }

        T Keep<T>(T made)
            where T : IDisposable
        {
            opened.Add(made);
            return made;
        }
    }

    /// <summary>Takes everything away: the namespace goes, and what has an end in it.</summary>
    public void Dispose()
    {
        foreach (BpfLink link in Links)
        {
            link.Dispose();
        }

        Array.ForEach(_programs, program => program.Dispose());

        _namespace.Dispose();
    }

    private static int ConfigureFarEnds(NetworkNamespace here, string receiver)
    {
        using var netlink = RouteNetlink.Open();
        int merger = BringUp(netlink, FarMerger);
        int whole = BringUp(netlink, FarWhole);
        LinkOffloads.SetMerging(FarMerger, true);
        netlink.AddAddress(whole, new Ipv4Prefix(WholeHeader.FarAddress, FarPrefixLength));
        netlink.CreateVxlanReceiver(receiver, here, WholeHeader.Port);
        return merger;
    }

    private static int BringUp(RouteNetlink netlink, string name)
    {
        int index = netlink.FindLink(name)?.Index ?? throw Vanished(name);
        netlink.ConfigureLink(index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });
        return index;
    }

    private static LinuxException Vanished(string name) =>
        new("RTM_GETLINK", Errno.ENODEV, $"interface {name} vanished while it was being configured");
}
