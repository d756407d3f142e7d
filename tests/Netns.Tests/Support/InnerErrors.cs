using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Daemon.Lab;

namespace Overlay.Netns.Tests.Support;

/// <summary>What the kernels of pods and hosts have found wrong with packets since their namespaces exist.</summary>
internal static class InnerErrors
{
    private static readonly (string Protocol, string Counter)[] s_watched =
    [
        ("Ip", "InHdrErrors"), ("Icmp", "InCsumErrors"), ("Tcp", "InCsumErrors"), ("Udp", "InCsumErrors"),
    ];

    /// <summary>One line for each counter that is not zero: <c>overlay-t1-1-p1 Tcp.InCsumErrors 3</c>.</summary>
    internal static IReadOnlyList<string> Of(LabPlan plan) =>
    [
        .. from name in plan.Namespaces
           from watched in s_watched
           let count = Read(name, watched.Protocol, watched.Counter)
           where count != 0
           select $"{name} {watched.Protocol}.{watched.Counter} {count}",
    ];

    /// <summary>One counter of <c>/proc/net/snmp</c>.</summary>
    internal static long Read(string networkNamespace, string protocol, string counter)
    {
        // Two lines a protocol: the names, then the values.
        string[] lines = LabNamespace.Run(networkNamespace, () => File.ReadAllLines("/proc/thread-self/net/snmp"));
        string[][] pair =
            [.. lines.Where(line => line.StartsWith($"{protocol}: ", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return long.Parse(pair[1][Array.IndexOf(pair[0], counter)]);
    }
}
