using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;

namespace Overlay.Netns.Tests.Soak;

/// <summary>A place where packets get lost and are counted.</summary>
/// <param name="Place">Host or pod, and what there: <c>h2 ovl4-merge out</c>.</param>
/// <param name="Count">Since it exists.</param>
/// <param name="IsFrame">Whether each may have been a superpacket or a train.</param>
internal sealed record DropPlace(string Place, long Count, bool IsFrame)
{
    /// <summary>A packet at the least, and at the most a whole train.</summary>
    internal long MostPackets => IsFrame ? Count * PathBalance.DatagramsPerTrain : Count;

    public override string ToString() => $"{Place} {Count}";
}

/// <summary>All places between two pods where a packet can get lost.</summary>
internal static class SoakDrops
{
    private static readonly (string Protocol, string Counter)[] s_refusals =
    [
        ("Ip", "InHdrErrors"), ("Ip", "InAddrErrors"), ("Ip", "InDiscards"), ("Ip", "OutDiscards"),
        ("Ip", "OutNoRoutes"), ("Udp", "InErrors"), ("Udp", "NoPorts"),
    ];

    /// <summary>Those that have counted anything, in a packet's order.</summary>
    /// <param name="lab">After the traffic.</param>
    /// <param name="from">The sending pod's host.</param>
    /// <param name="to">The receiving pod's host.</param>
    /// <param name="daemon">The receiving host's daemon's process id.</param>
    internal static IReadOnlyList<DropPlace> Between(TestLab lab, int from, int to, int daemon)
    {
        HostPlan sender = lab.Host(from), receiver = lab.Host(to);
        CountersReport sent = lab.Counters(from), arrived = lab.Counters(to);
        return
        [
            .. new IEnumerable<DropPlace>[]
            {
                Devices($"p{from}", In(sender.PodNamespace, Read), (_, isOut) => isOut),
                Refusals($"p{from}", sender.PodNamespace),
                Devices($"h{from}", In(sender.HostNamespace, Read), IsOnTheWayOut),
                Refusals($"h{from}", sender.HostNamespace),
                Daemon($"h{from}", sent.Outbound.Drops),
                Devices("wire", In(lab.Plan.WireNamespace, Read), (name, isOut) =>
                    name == (isOut ? receiver.Name : sender.Name)),
                Devices($"h{to}", In(receiver.HostNamespace, Read), (name, isOut) => !IsOnTheWayOut(name, isOut)),
                Helpers($"h{to}", daemon, receiver.HostNamespace),
                Refusals($"h{to}", receiver.HostNamespace),
                [new DropPlace($"h{to} socket", arrived.Kernel?.SocketBufferFull ?? 0, true)],
                Daemon($"h{to}", arrived.Inbound.Drops),
                Devices($"p{to}", In(receiver.PodNamespace, Read), (_, isOut) => !isOut),
                Refusals($"p{to}", receiver.PodNamespace),
            }.SelectMany(places => places).Where(place => place.Count != 0),
        ];
    }

    // From the pod's veth to eth0; the other way round it is the way in. Helpers are on the way in alone.
    private static bool IsOnTheWayOut(string name, bool isOut) => name switch
    {
        "veth0" or "cni0" => !isOut,
        _ when name.StartsWith("ovl", StringComparison.Ordinal) => false,
        _ => isOut,
    };

    private static IEnumerable<DropPlace> Daemon(string host, IReadOnlyDictionary<string, long> drops) =>
        drops.Select(drop => new DropPlace($"{host} daemon {drop.Key}", drop.Value, IsFrame: false));

    private static IEnumerable<DropPlace> Refusals(string host, string networkNamespace) =>
        Refusals(host, In(networkNamespace, KernelCounters.ReadSnmp));

    private static IEnumerable<DropPlace> Refusals(string host, string[] snmp) => s_refusals.Select(
        each => new DropPlace(
            $"{host} {each.Protocol}.{each.Counter}", KernelCounters.Snmp(snmp, each.Protocol, each.Counter),
            IsFrame: false));

    private static IEnumerable<DropPlace> Devices(string host, string[] lines, Func<string, bool, bool> isOnTheWay) =>
        from line in lines
        let colon = line.IndexOf(':')
        where colon > 0
        let name = line[..colon].Trim()
        let numbers = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToArray()
        from way in ((bool IsOut, long Count)[])[(false, numbers[2] + numbers[3]), (true, numbers[10] + numbers[11])]
        where isOnTheWay(name, way.IsOut)
        select new DropPlace($"{host} {name} {(way.IsOut ? "out" : "in")}", way.Count, IsFrame: true);

    // The far ends of a kernel path's helpers lie in a namespace that only the daemon's descriptor names.
    private static IEnumerable<DropPlace> Helpers(string host, int daemon, string hostNamespace)
    {
        string own = In(hostNamespace, () => new FileInfo("/proc/thread-self/ns/net").LinkTarget!);
        foreach (string descriptor in Directory.GetFiles($"/proc/{daemon}/fd"))
        {
            if (new FileInfo(descriptor).LinkTarget is { } target
                && target.StartsWith("net:[", StringComparison.Ordinal) && target != own)
            {
                using var helpers = NetworkNamespace.Open(descriptor);
                (string[] devices, string[] snmp) = helpers.Run(() => (Read(), KernelCounters.ReadSnmp()));
                foreach (DropPlace place in Devices($"{host} far", devices, (_, _) => true))
                {
                    yield return place;
                }

                foreach (DropPlace place in Refusals($"{host} far", snmp))
                {
                    yield return place;
                }
            }
        }
    }

    // Name, then 8 numbers of receiving and 8 of sending: bytes, packets, errors, drops (proc_net(5)).
    private static string[] Read() => File.ReadAllLines("/proc/thread-self/net/dev");

    private static T In<T>(string networkNamespace, Func<T> body) => LabNamespace.Run(networkNamespace, body);
}
