using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Router.Ports;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Asks the kernel what it dropped at the device and the sockets.</summary>
/// <remarks>
/// Has a netlink connection of its own, so that whoever asks disturbs nobody else's. Any thread may ask; one after the
/// other is served.
/// </remarks>
internal sealed class KernelDrops : IDisposable
{
    private readonly Lock _asking = new();
    private readonly RouteNetlink _netlink;
    private readonly int _deviceIndex;
    private readonly IReadOnlyList<UdpPort> _ports;

    private KernelDrops(RouteNetlink netlink, int deviceIndex, IReadOnlyList<UdpPort> ports)
    {
        _netlink = netlink;
        _deviceIndex = deviceIndex;
        _ports = ports;
    }

    /// <summary>Gets ready to ask.</summary>
    /// <param name="deviceIndex">The TUN interface, of this thread's network namespace.</param>
    /// <param name="ports">All sockets; they are borrowed.</param>
    /// <exception cref="LinuxException">No netlink socket can be had.</exception>
    internal static KernelDrops Of(int deviceIndex, IReadOnlyList<UdpPort> ports) =>
        new(RouteNetlink.Open(), deviceIndex, ports);

    /// <summary>Asks now. What cannot be had is null; nothing is thrown.</summary>
    internal KernelReport Read()
    {
        lock (_asking)
        {
            LinkStatistics? device = ReadDevice();
            return new KernelReport((long?)device?.TransmitDropped, (long?)device?.ReceiveDropped, ReadPorts());
        }
    }

    public void Dispose() => _netlink.Dispose();

    private LinkStatistics? ReadDevice()
    {
        try
        {
            return _netlink.GetStatistics(_deviceIndex);
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return null;
        }
    }

    private long? ReadPorts()
    {
        long sum = 0;
        foreach (UdpPort port in _ports)
        {
            if (port.ReadMemory() is not { } memory)
            {
                return null;
            }

            sum += memory.DroppedMessages;
        }

        return sum;
    }
}
