using System.Collections.Generic;
using System.Linq;
using Overlay.Lab;

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
           let count = KernelCounters.Snmp(name, watched.Protocol, watched.Counter)
           where count != 0
           select $"{name} {watched.Protocol}.{watched.Counter} {count}",
    ];
}
