using System;
using System.Collections.Generic;
using System.IO;
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
/// <para>The merger's far end merges what it receives (GRO), spreads the flows over the processors (RPS) and returns
/// them to the near end, which puts them into the tunnel. The other pair leads to the vxlan device, whose socket is in
/// that namespace, and which is itself here.</para>
/// </remarks>
internal sealed class HelperLinks : IDisposable
{
    private const string FarMerger = "merge";
    private const string FarWhole = "whole";
    private const int Mtu = 65_535; // a veth's greatest
    private const int FarPrefixLength = 30;
    private const int LongestName = 15; // IFNAMSIZ less its NUL

    private readonly NetworkNamespace _namespace;
    private readonly RouteNetlink _netlink; // of the near ends' namespace, wherever they are taken away from
    private readonly List<IDisposable> _opened = [];
    private string? _unseen; // made, and its index is not known yet
    private DeliveryPoints? _points;

    private HelperLinks(NetworkNamespace helpers, RouteNetlink netlink)
    {
        _namespace = helpers;
        _netlink = netlink;
    }

    /// <summary>Where the decapsulating program sends packets.</summary>
    internal DeliveryPoints Points => _points ?? throw new InvalidOperationException("the helpers are not assembled");

    /// <summary>The interfaces in this host's namespace: the merger, the whole-packet pair, the vxlan device.</summary>
    internal List<(string Name, int Index)> Interfaces { get; } = [];

    /// <summary>The programs on the interfaces, far ends' too, and where each is.</summary>
    internal List<(string Place, BpfLink Link)> Programs { get; } = [];

    /// <summary>Makes the interfaces and puts their programs on them.</summary>
    /// <param name="tunnelIndex">Where everything ends, in the calling thread's namespace.</param>
    /// <exception cref="LinuxException">The kernel refused a step; nothing is left.</exception>
    internal static HelperLinks Open(int tunnelIndex)
    {
        var netlink = RouteNetlink.Open();
        NetworkNamespace helpers;
        try
        {
            helpers = NetworkNamespace.Create();
        }
        catch
        {
            netlink.Dispose();
            throw;
        }

        var made = new HelperLinks(helpers, netlink);
        try
        {
            made.Assemble(tunnelIndex);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Takes everything away: the near ends, so that their names are free at once, and with the namespace what
    /// is in it.</summary>
    public void Dispose()
    {
        _opened.ForEach(each => each.Dispose());
        foreach ((string name, int index) in _unseen is null ? Interfaces : [.. Interfaces, (_unseen, 0)])
        {
            try
            {
                _netlink.DeleteLink(index > 0 ? index : IndexOf(_netlink, name));
            }
            catch (Exception problem) when (problem is LinuxException or InvalidDataException)
            {
                // It goes with the namespace.
            }
        }

        _netlink.Dispose();
        _namespace.Dispose();
    }

    /// <summary>A helper's name: the tunnel's index, and a word, of which only the first letter is left where the index
    /// has grown long.</summary>
    internal static string NameOf(int tunnelIndex, string word)
    {
        string name = $"ovl{tunnelIndex}-{word}";
        return name.Length <= LongestName ? name : $"ovl{tunnelIndex}-{word[0]}";
    }

    private void Assemble(int tunnelIndex)
    {
        using var here = NetworkNamespace.OpenCurrent();
        (string merger, string whole, string receiver) =
            (NameOf(tunnelIndex, "merge"), NameOf(tunnelIndex, "whole"), NameOf(tunnelIndex, "vxlan"));

        // One peer's datagrams are one flow to the card, and so on one processor; the packets in them are many.
        // Best effort: without it they stay there.
        _ = _namespace.Run(ReceivePacketSteering.SpreadNewInterfaces);
        _netlink.CreateVethPair(merger, FarMerger, _namespace, Mtu);
        int mergerIndex = Keep(merger);
        _netlink.CreateVethPair(whole, FarWhole, _namespace, Mtu);
        int wholeIndex = Keep(whole);
        int farMerger = _namespace.Run(() => ConfigureFarEnds(here, receiver));
        int receiverIndex = Keep(receiver);
        foreach ((_, int index) in Interfaces)
        {
            BringUp(_netlink, index);
        }

        LinkOffloads.SetTcpSegmentation(merger, false); // or the far end merges nothing (drivers/net/veth.c)

        BpfProgram toTunnel = Keep(BpfProgram.Load("overlay_deliver", DeliveryPrograms.WriteToTunnel(tunnelIndex)));
        BpfProgram toNearEnd = Keep(BpfProgram.Load("overlay_return", DeliveryPrograms.WriteToNearEnd(farMerger)));
        Attach(merger, () => BpfLink.Attach(toTunnel, mergerIndex, BpfAttachPoint.Ingress));
        Attach(receiver, () => BpfLink.Attach(toTunnel, receiverIndex, BpfAttachPoint.Ingress));
        Attach($"{merger}'s other end", () => _namespace.Run(
            () => BpfLink.Attach(toNearEnd, farMerger, BpfAttachPoint.Ingress)));
        _points = new DeliveryPoints(tunnelIndex, mergerIndex, wholeIndex);
    }

    private void Attach(string interfaceName, Func<BpfLink> attach) =>
        Programs.Add(($"the ingress of {interfaceName}", Keep(attach())));

    private T Keep<T>(T made)
        where T : IDisposable
    {
        _opened.Add(made);
        return made;
    }

    private int Keep(string interfaceName)
    {
        _unseen = interfaceName;
        int index = IndexOf(_netlink, interfaceName);
        _unseen = null;
        Interfaces.Add((interfaceName, index));
        return index;
    }

    private static int ConfigureFarEnds(NetworkNamespace here, string receiver)
    {
        using var netlink = RouteNetlink.Open();
        (int merger, int whole) = (IndexOf(netlink, FarMerger), IndexOf(netlink, FarWhole));
        BringUp(netlink, merger);
        BringUp(netlink, whole);
        LinkOffloads.SetMerging(FarMerger, true);
        netlink.AddAddress(whole, new Ipv4Prefix(WholeHeader.FarAddress, FarPrefixLength));
        netlink.CreateVxlanReceiver(receiver, here, WholeHeader.Port);
        return merger;
    }

    private static void BringUp(RouteNetlink netlink, int index) =>
        netlink.ConfigureLink(index, new LinkSettings { NoIpv6LinkLocalAddress = true, Up = true });

    private static int IndexOf(RouteNetlink netlink, string name) => netlink.FindLink(name)?.Index
        ?? throw new LinuxException(
            "RTM_GETLINK", Errno.ENODEV, $"interface {name} vanished while it was being configured");
}
