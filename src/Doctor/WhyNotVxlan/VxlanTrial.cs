using System;
using System.Globalization;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;

namespace Overlay.Doctor.WhyNotVxlan;

/// <summary>
/// Whether the kernel makes vxlan interfaces: one is made and removed at once. No list of modules tells as much: vxlan
/// may be built in, or loaded at the first need, or forbidden.
/// </summary>
internal static class VxlanTrial
{
    private const int AnyMtu = 1400;
    private const uint OddVni = 0xA5_0B_1D;

    /// <summary>Tries, in the namespace of the calling thread. The interface is never up.</summary>
    internal static VxlanPoint Run()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"vxtry{Environment.ProcessId}");
        try
        {
            using var netlink = RouteNetlink.Open();
            netlink.CreateVxlan(
                name, MacAddress.Parse("02:00:00:00:00:01"), AnyMtu, new VxlanSettings(OddVni));
            if (netlink.FindLink(name) is { } link)
            {
                _ = netlink.DeleteLink(link.Index);
            }

            return new VxlanPoint("kernel", IsGood: true, "makes vxlan interfaces (one was made and removed)");
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EPERM)
        {
            return new VxlanPoint("kernel", IsGood: null, "root alone can try whether it makes vxlan interfaces");
        }
        catch (LinuxException problem) when (problem.Errno == Errno.EOPNOTSUPP)
        {
            return new VxlanPoint(
                "kernel", IsGood: false, $"has no vxlan: {problem.Message}",
                "modprobe vxlan; Ubuntu for Raspberry Pi has it in linux-modules-extra-raspi");
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return new VxlanPoint(
                "kernel", IsGood: false, $"makes no vxlan interface: {problem.Message}", "see the kernel's log: dmesg");
        }
    }
}
