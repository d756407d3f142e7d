using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>The device that a network config asks for.</summary>
/// <param name="Name">flannel.VNI.</param>
/// <param name="Parent">The interface that carries the datagrams.</param>
/// <param name="Settings">What it is made with; port and parent are always given.</param>
/// <param name="Mac">Published in the lease.</param>
/// <param name="Mtu">In bytes.</param>
internal sealed record VxlanDevicePlan(
    string Name, string Parent, VxlanSettings Settings, MacAddress Mac, int Mtu)
{
    /// <summary>The kind of a vxlan link, IFLA_INFO_KIND.</summary>
    internal const string Kind = "vxlan";

    /// <summary>
    /// Why a link of the name cannot be used as it is: it is made anew then. Whether it learns is looked at here, which
    /// stock does not do, so that a change of the config takes effect.
    /// </summary>
    /// <param name="link">With the name.</param>
    /// <returns>Null when it can be used.</returns>
    internal string? DifferenceOf(Link link) => DifferenceOf(Settings, link);

    /// <inheritdoc cref="DifferenceOf(Link)"/>
    internal static string? DifferenceOf(VxlanSettings wanted, Link link)
    {
        VxlanSettings found = link.Vxlan ?? new VxlanSettings(0);
        return DifferenceOf("VNI", wanted.Vni, found.Vni)
            ?? DifferenceOf("parent interface", wanted.ParentIndex, found.ParentIndex)
            ?? DifferenceOf("local address", wanted.Local, found.Local)
            ?? DifferenceOf("group", wanted.Group, found.Group)
            ?? DifferenceOf("l2miss", wanted.ReportsMisses, found.ReportsMisses)
            ?? DifferenceOf("UDP port", wanted.Port, found.Port)
            ?? DifferenceOf("GBP", wanted.HasGroupPolicy, found.HasGroupPolicy)
            ?? DifferenceOf("learning", wanted.IsLearning, found.IsLearning);
    }

    /// <summary>Refuses what stands in the way of the device, before anything is changed.</summary>
    /// <param name="name">flannel.VNI.</param>
    /// <param name="settings">What it would be made with.</param>
    /// <param name="links">Every interface of this host.</param>
    /// <exception cref="OperatorException">The name, or the VNI on that port, belongs to another device.</exception>
    internal static void Check(string name, VxlanSettings settings, IReadOnlyList<Link> links)
    {
        if (links.FirstOrDefault(link => link.Name == name && link.Kind != Kind) is { } foreign)
        {
            throw NotVxlan(foreign);
        }

        if (links.FirstOrDefault(link => link.Name != name
            && link.Vxlan is { } other && other.Vni == settings.Vni && other.Port == settings.Port) is { } rival)
        {
            throw new OperatorException(
                $"vxlan interface {rival.Name} has VNI {settings.Vni} on UDP port {settings.Port} already; remove it "
                    + $"(ip link del {rival.Name}) or set another VNI or Port in the network config's Backend");
        }
    }

    /// <summary>The refusal of a link that has the name and is not vxlan.</summary>
    internal static OperatorException NotVxlan(Link link) => new(
        $"interface {link.Name} exists already and is {(link.Kind is { } kind ? $"a {kind}" : "hardware")}, not vxlan; "
            + $"remove it (ip link del {link.Name}) or set another VNI in the network config's Backend");

    // What one of the two leaves open is no difference.
    private static string? DifferenceOf<T>(string what, T? wanted, T? found)
        where T : struct =>
        wanted is { } one && found is { } other && !one.Equals(other) ? $"{what} {other} instead of {one}" : null;

    private static string? DifferenceOf<T>(string what, T wanted, T found)
        where T : struct => DifferenceOf<T>(what, (T?)wanted, found);
}
