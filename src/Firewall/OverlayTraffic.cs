using System.Collections.Generic;
using System.Linq;
using Overlay.Net;

namespace Overlay.Firewall;

/// <summary>The traffic that rules are about, and which rules are wanted.</summary>
/// <param name="Network">The whole overlay.</param>
/// <param name="Subnet">This host's part of it.</param>
/// <param name="Former">A network that an earlier run had; null when it is the same or unknown.</param>
/// <param name="Masquerade">Whether what leaves the overlay is masqueraded.</param>
/// <param name="Forward">Whether the overlay's packets are let through FORWARD.</param>
/// <param name="RandomFully">Whether masquerading chooses ports at random, where that can be had.</param>
/// <param name="Tunnels">The interfaces that pods' packets come and go by.</param>
public sealed record OverlayTraffic(
    Ipv4Prefix Network,
    Ipv4Prefix Subnet,
    Ipv4Prefix? Former,
    bool Masquerade,
    bool Forward,
    bool RandomFully,
    IReadOnlyList<string> Tunnels)
{
    private const string Bridge = "cni0"; // flannel's CNI plugin makes it

    /// <summary>What peers send to this host by the underlay, a packet for each UDP port.</summary>
    public IReadOnlyList<ProbePacket> Datagrams { get; init; } = [];

    /// <summary>What is forwarded between this host's pods and those of others, in both directions.</summary>
    public IEnumerable<ProbePacket> ForwardedPackets => Tunnels.SelectMany(tunnel => (ProbePacket[])
        [
            new ProbePacket(tunnel, Bridge, Network, Subnet), new ProbePacket(Bridge, tunnel, Subnet, Network),
        ]);

    /// <summary>What leaves this host or reaches its pods with the addresses of pods on both sides.</summary>
    public IEnumerable<ProbePacket> LeavingPackets => Tunnels
        .Select(tunnel => new ProbePacket(In: null, tunnel, Subnet, Network))
        .Append(new ProbePacket(In: null, Out: null, Network, Subnet));

    /// <summary>The same traffic with no rules: what there is of its rules is to go.</summary>
    public OverlayTraffic WithoutRules => this with { Masquerade = false, Forward = false };

    /// <summary>Whether a rule is about this network, or the one before it.</summary>
    /// <param name="rule">As its tool prints it.</param>
    public bool IsNamedBy(string rule)
    {
        foreach (string word in rule.Split(' '))
        {
            if (word == Network.ToString() || (Former is { } former && word == former.ToString()))
            {
                return true;
            }
        }

        return false;
    }
}
