using System;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>What the kernel would not refuse, but in whose way the kernel path must not be.</summary>
internal static class KernelPathObstacle
{
    /// <summary>Looks for one.</summary>
    /// <param name="netlink">Of the calling thread's namespace.</param>
    /// <param name="underlay">The name of the underlay's interface.</param>
    /// <param name="underlayIndex">Its index, where nothing is in the way.</param>
    /// <returns>In words; null when nothing is in the way.</returns>
    internal static string? Find(RouteNetlink netlink, string underlay, out int underlayIndex)
    {
        underlayIndex = 0;
        try
        {
            if (netlink.FindLink(underlay) is not { } link)
            {
                return $"interface {underlay} is gone";
            }

            underlayIndex = link.Index;
            return link.Mac is null ? $"{underlay} is no Ethernet interface"
                : (link.Flags & LinkFlags.Loopback) != 0 ? $"{underlay} leads to no other host"
                : IpsecPolicies.Count() is var policies and not 0
                    ? $"this host has {policies} policies of IPsec, which it would pass by (ip xfrm policy)"
                : null;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return problem.Message;
        }
    }
}
