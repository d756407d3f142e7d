using System;
using System.Collections.Generic;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

// IPv4 addresses of links (linux/if_addr.h).
public sealed partial class RouteNetlink
{
    /// <summary>All IPv4 addresses of all links, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or addresses kept changing (EAGAIN).</exception>
    public IReadOnlyList<InterfaceAddress> GetAddresses()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETADDR, Native.NLM_F_DUMP);
        request.WriteStruct(new ifaddrmsg { ifa_family = (byte)LibC.AF_INET });
        return Dump(request.Finish(), RouteMessages.ParseAddress, "RTM_GETADDR", "could not list addresses");
    }

    /// <summary>Gives a link an IPv4 address of global scope, without a broadcast address.</summary>
    /// <param name="index">1 or more.</param>
    /// <param name="address">
    /// The address and the length of its subnet. Below 32 the kernel adds the route to the subnet once the link is up.
    /// </param>
    /// <exception cref="LinuxException">EEXIST: the link has it already. ENODEV: no such link. EPERM.</exception>
    public void AddAddress(int index, Ipv4Prefix address)
    {
        NetlinkAnswer answer = ChangeAddress(
            Native.RTM_NEWADDR, Native.NLM_F_CREATE | Native.NLM_F_EXCL, index, address);
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWADDR", answer, $"could not add address {address} to {Describe(index)}");
        }
    }

    /// <summary>Takes an IPv4 address from a link, and with it the routes whose preferred source it is.</summary>
    /// <param name="index">1 or more.</param>
    /// <param name="address">As it was added.</param>
    /// <returns>False when the link does not have it.</returns>
    /// <exception cref="LinuxException">ENODEV: no such link. EPERM.</exception>
    public bool RemoveAddress(int index, Ipv4Prefix address)
    {
        NetlinkAnswer answer = ChangeAddress(Native.RTM_DELADDR, 0, index, address);
        if (answer.Errno is Errno.None or Errno.EADDRNOTAVAIL)
        {
            return answer.Errno == Errno.None;
        }

        throw NetlinkRefusal.Of("RTM_DELADDR", answer, $"could not remove address {address} from {Describe(index)}");
    }

    private NetlinkAnswer ChangeAddress(ushort type, ushort flags, int index, Ipv4Prefix address)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        CheckPrefixLength(address.Length);

        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], type, (ushort)(Native.NLM_F_ACK | flags));
        request.WriteStruct(new ifaddrmsg
        {
            ifa_family = (byte)LibC.AF_INET,
            ifa_prefixlen = (byte)address.Length,
            ifa_scope = Native.RT_SCOPE_UNIVERSE,
            ifa_index = (uint)index,
        });

        // On a point-to-point link IFA_ADDRESS is the neighbour; the same as IFA_LOCAL says that there is none.
        request.WriteIpv4Attribute(Native.IFA_LOCAL, address.Address);
        request.WriteIpv4Attribute(Native.IFA_ADDRESS, address.Address);
        return _socket.Execute(request.Finish());
    }
}
