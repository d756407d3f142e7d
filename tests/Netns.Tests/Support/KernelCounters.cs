using System;
using System.IO;
using System.Linq;
using Overlay.Lab;
using Overlay.Linux.Netlink;

namespace Overlay.Netns.Tests.Support;

/// <summary>The kernel's own counters of a namespace.</summary>
internal static class KernelCounters
{
    /// <summary>A value of /proc/net/snmp (proc_net(5)).</summary>
    /// <param name="networkNamespace">Whose.</param>
    /// <param name="protocol"><c>Udp</c>.</param>
    /// <param name="counter"><c>NoPorts</c>.</param>
    internal static long Snmp(string networkNamespace, string protocol, string counter) =>
        Snmp(LabNamespace.Run(networkNamespace, ReadSnmp), protocol, counter);

    /// <summary>The lines of the calling thread's namespace.</summary>
    internal static string[] ReadSnmp() => File.ReadAllLines("/proc/thread-self/net/snmp");

    /// <summary>A value of lines that <see cref="ReadSnmp"/> has read.</summary>
    internal static long Snmp(string[] lines, string protocol, string counter)
    {
        // Two lines a protocol: the names, then the values.
        string[][] pair =
        [
            .. lines.Where(line => line.StartsWith($"{protocol}: ", StringComparison.Ordinal))
                .Select(line => line.Split(' ')),
        ];
        return long.Parse(pair[1][Array.IndexOf(pair[0], counter)]);
    }

    /// <summary>Frames that an interface could not hand on.</summary>
    internal static long TransmitDrops(string networkNamespace, string interfaceName) =>
        LabNamespace.Run(networkNamespace, () =>
        {
            using var netlink = RouteNetlink.Open();
            int index = netlink.FindLink(interfaceName)?.Index
                ?? throw new LabException($"{networkNamespace} has no interface {interfaceName}");
            return (long)(netlink.GetStatistics(index)?.TransmitDropped ?? 0);
        });
}
