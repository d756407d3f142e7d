using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Daemon.Backends.Vxlan;

/// <summary>What the kernel has counted of the device. Any thread may ask; one after the other is served.</summary>
/// <param name="netlink">A connection of its own, so that whoever asks disturbs nobody else's; disposed here.</param>
internal sealed class VxlanCounters(RouteNetlink netlink) : IDisposable
{
    private static readonly Dictionary<string, long> s_none = [];

    private readonly Lock _asking = new();

    /// <summary>Asks now. A device that is gone has counted nothing.</summary>
    /// <param name="index">The device's.</param>
    /// <param name="name">The device's.</param>
    /// <param name="routes">Peers' subnets.</param>
    /// <param name="peers">Hosts.</param>
    internal CountersReport Read(int index, string name, int routes, int peers)
    {
        LinkStatistics? counted;
        lock (_asking)
        {
            counted = Ask(index);
        }

        return new CountersReport(
            Direction(counted?.TransmittedPackets, counted?.TransmittedBytes),
            Direction(counted?.ReceivedPackets, counted?.ReceivedBytes),
            s_none,
            routes,
            peers,
            new Dictionary<string, string>(),
            [],
            KernelForwarding: new KernelForwardingReport(
                name, IsCounted: true, (long?)counted?.TransmitDropped, (long?)counted?.ReceiveDropped));
    }

    private static DirectionReport Direction(ulong? packets, ulong? bytes) =>
        new((long)(packets ?? 0), (long)(bytes ?? 0), s_none, s_none);

    public void Dispose() => netlink.Dispose();

    private LinkStatistics? Ask(int index)
    {
        try
        {
            return index > 0 ? netlink.GetStatistics(index) : null;
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return null;
        }
    }
}
