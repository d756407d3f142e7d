using System;
using Overlay.Linux.Interop;
using Overlay.Net;

namespace Overlay.Linux.Netlink;

// Links that are made and deleted (linux/if_link.h).
public sealed partial class RouteNetlink
{
    // A name, an address, an MTU, and all of a vxlan link's attributes.
    private const int NewLinkBytes = 256;

    /// <summary>Makes a vxlan link; it is down.</summary>
    /// <param name="name">1 to 15 bytes of UTF-8.</param>
    /// <param name="mac">Its link-layer address.</param>
    /// <param name="mtu">In bytes, at most the parent's less 50 (RFC 7348, section 5).</param>
    /// <param name="settings">What it cannot change later.</param>
    /// <exception cref="LinuxException">
    /// EEXIST: a link has the name, or a vxlan link has the VNI on that port. EOPNOTSUPP: the kernel has no vxlan.
    /// EINVAL: the MTU, or a value that the kernel explains. ENODEV: no such parent. EPERM.
    /// </exception>
    public void CreateVxlan(string name, MacAddress mac, int mtu, VxlanSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mtu);
        var request = new NetlinkMessageWriter(
            stackalloc byte[NewLinkBytes],
            Native.RTM_NEWLINK,
            Native.NLM_F_ACK | Native.NLM_F_CREATE | Native.NLM_F_EXCL);
        request.WriteStruct(default(ifinfomsg));
        request.WriteStringAttribute(Native.IFLA_IFNAME, name);
        request.WriteMacAttribute(Native.IFLA_ADDRESS, mac);
        request.WriteAttribute(Native.IFLA_MTU, (uint)mtu);
        VxlanMessages.Write(ref request, settings);
        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWLINK", answer, $"could not make vxlan interface {name}");
        }
    }

    /// <summary>Deletes a link, and with it its addresses, neighbours, forwarding entries and routes.</summary>
    /// <param name="index">1 or more.</param>
    /// <returns>False when there is no such link.</returns>
    /// <exception cref="LinuxException">EOPNOTSUPP: its driver does not allow it. EPERM.</exception>
    public bool DeleteLink(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_DELLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        NetlinkAnswer answer = _socket.Execute(request.Finish());
        return answer.Errno switch
        {
            Errno.None => true,
            Errno.ENODEV => false,
            _ => throw NetlinkRefusal.Of("RTM_DELLINK", answer, $"could not delete {Describe(index)}"),
        };
    }
}
