using System;
using System.Collections.Generic;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

// Neighbours, and the forwarding entries of vxlan links (linux/neighbour.h).
public sealed partial class RouteNetlink
{
    /// <summary>The IPv4 neighbours of a link whose link-layer address is known, in the kernel's order.</summary>
    /// <param name="index">1 or more.</param>
    /// <exception cref="LinuxException">The kernel refused, or neighbours kept changing (EAGAIN).</exception>
    public IReadOnlyList<Neighbour> GetNeighbours(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETNEIGH, Native.NLM_F_DUMP);
        request.WriteStruct(new ndmsg { ndm_family = (byte)LibC.AF_INET });
        List<Neighbour> found = Dump(
            request.Finish(), NeighbourMessages.ParseNeighbour, "RTM_GETNEIGH", "could not list neighbours");
        return found.FindAll(neighbour => neighbour.InterfaceIndex == index);
    }

    /// <summary>The IPv4 neighbours of all links that do not answer (NUD_FAILED), in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or neighbours kept changing (EAGAIN).</exception>
    public IReadOnlyList<FailedNeighbour> GetFailedNeighbours()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETNEIGH, Native.NLM_F_DUMP);
        request.WriteStruct(new ndmsg { ndm_family = (byte)LibC.AF_INET });
        return Dump(
            request.Finish(), NeighbourMessages.ParseFailedNeighbour, "RTM_GETNEIGH", "could not list neighbours");
    }

    /// <summary>The forwarding entries of a vxlan link to IPv4 hosts, in the kernel's order.</summary>
    /// <param name="index">1 or more.</param>
    /// <exception cref="LinuxException">The kernel refused, or entries kept changing (EAGAIN).</exception>
    public IReadOnlyList<ForwardingEntry> GetForwardingEntries(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETNEIGH, Native.NLM_F_DUMP);

        // What a kernel of any age takes for a dump of one link (net/core/rtnetlink.c, valid_fdb_dump_legacy).
        request.WriteStruct(new ifinfomsg { ifi_family = (byte)LibC.AF_BRIDGE, ifi_index = index });
        List<ForwardingEntry> found = Dump(
            request.Finish(), NeighbourMessages.ParseForwardingEntry, "RTM_GETNEIGH",
            "could not list forwarding entries");
        return found.FindAll(entry => entry.InterfaceIndex == index);
    }

    /// <summary>Makes a permanent neighbour; another link-layer address of it is replaced.</summary>
    /// <exception cref="LinuxException">ENODEV: no such link. ENOBUFS: the kernel's table is full. EPERM.</exception>
    public void SetNeighbour(Neighbour neighbour) => RequireAdded(
        ChangeNeighbour(Native.RTM_NEWNEIGH, neighbour), neighbour.InterfaceIndex, Words(neighbour));

    /// <summary>Removes a neighbour, whatever its link-layer address. One that is gone already is as good.</summary>
    /// <exception cref="LinuxException">EPERM.</exception>
    public void RemoveNeighbour(Neighbour neighbour) => RequireGone(
        ChangeNeighbour(Native.RTM_DELNEIGH, neighbour), neighbour.InterfaceIndex, Words(neighbour));

    /// <summary>Makes a permanent forwarding entry; another destination of that address is replaced.</summary>
    /// <exception cref="LinuxException">ENODEV: no such link. EOPNOTSUPP: it is not vxlan. EPERM.</exception>
    public void SetForwardingEntry(ForwardingEntry entry) => RequireAdded(
        ChangeForwardingEntry(Native.RTM_NEWNEIGH, entry), entry.InterfaceIndex, Words(entry));

    /// <summary>
    /// Removes a forwarding entry; one that leads to another destination stays. One that is gone already is as good.
    /// </summary>
    /// <exception cref="LinuxException">EOPNOTSUPP: it is not vxlan. EPERM.</exception>
    public void RemoveForwardingEntry(ForwardingEntry entry) => RequireGone(
        ChangeForwardingEntry(Native.RTM_DELNEIGH, entry), entry.InterfaceIndex, Words(entry));

    private NetlinkAnswer ChangeNeighbour(ushort type, Neighbour neighbour)
    {
        var family = new ndmsg
        {
            ndm_family = (byte)LibC.AF_INET,
            ndm_ifindex = neighbour.InterfaceIndex,
            ndm_state = Native.NUD_PERMANENT,
            ndm_type = Native.RTN_UNICAST,
        };
        return ChangeNeighbourEntry(type, family, neighbour.Address, neighbour.Mac);
    }

    private NetlinkAnswer ChangeForwardingEntry(ushort type, ForwardingEntry entry)
    {
        var family = new ndmsg
        {
            ndm_family = (byte)LibC.AF_BRIDGE,
            ndm_ifindex = entry.InterfaceIndex,
            ndm_state = Native.NUD_PERMANENT,
            ndm_flags = Native.NTF_SELF,
        };
        return ChangeNeighbourEntry(type, family, entry.Destination, entry.Mac);
    }

    private NetlinkAnswer ChangeNeighbourEntry(ushort type, ndmsg family, Ipv4Address address, MacAddress mac)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(family.ndm_ifindex);
        ushort flags = Native.NLM_F_ACK;
        if (type == Native.RTM_NEWNEIGH)
        {
            flags |= Native.NLM_F_CREATE | Native.NLM_F_REPLACE;
        }

        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], type, flags);
        request.WriteStruct(family);
        request.WriteIpv4Attribute(Native.NDA_DST, address);
        request.WriteMacAttribute(Native.NDA_LLADDR, mac);
        return _socket.Execute(request.Finish());
    }

    private void RequireAdded(NetlinkAnswer answer, int index, string what)
    {
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWNEIGH", answer, $"could not add {what} to {Describe(index)}");
        }
    }

    // ENODEV: the link is gone, and its entries with it.
    private void RequireGone(NetlinkAnswer answer, int index, string what)
    {
        if (answer.Errno is not (Errno.None or Errno.ENOENT or Errno.ENODEV))
        {
            throw NetlinkRefusal.Of("RTM_DELNEIGH", answer, $"could not remove {what} from {Describe(index)}");
        }
    }

    private static string Words(Neighbour neighbour) => $"neighbour {neighbour.Address} {neighbour.Mac}";

    private static string Words(ForwardingEntry entry) => $"forwarding entry {entry.Mac} dst {entry.Destination}";
}
