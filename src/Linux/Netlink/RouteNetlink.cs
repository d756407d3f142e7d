using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Overlay.Linux.Interop;
using Overlay.Net;
using Tmds.Linux;

namespace Overlay.Linux.Netlink;

/// <summary>
/// Reads and configures links, IPv4 addresses and IPv4 routes of one network namespace (rtnetlink(7)).
/// </summary>
/// <remarks>
/// The namespace is that of the thread which calls <see cref="Open"/>; afterwards any thread may use it, one at a time.
/// Reading needs no privilege, changing needs CAP_NET_ADMIN. A reply that makes no sense throws
/// <see cref="InvalidDataException"/>.
/// </remarks>
public sealed class RouteNetlink : IDisposable
{
    // The longest request, a route or a link with a name, is under 64 bytes.
    private const int RequestBytes = 128;

    private const int LongestNameBytes = Native.IFNAMSIZ - 1;

    private readonly NetlinkSocket _socket;

    private RouteNetlink(NetlinkSocket socket) => _socket = socket;

    /// <summary>Opens a connection to the network namespace of the calling thread.</summary>
    /// <exception cref="LinuxException">The kernel refused the socket.</exception>
    public static RouteNetlink Open() => new(NetlinkSocket.Open(Native.NETLINK_ROUTE));

    /// <summary>Finds a link by its name.</summary>
    /// <returns>Null when there is none, a name that no link can have included.</returns>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public Link? FindLink(string name)
    {
        if (name.Length == 0 || name.Contains('\0') || Encoding.UTF8.GetByteCount(name) > LongestNameBytes)
        {
            return null;
        }

        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETLINK, Native.NLM_F_ACK);
        request.WriteStruct(default(ifinfomsg));
        request.WriteStringAttribute(Native.IFLA_IFNAME, name);
        return Query(request.Finish(), RouteMessages.ParseLink, $"could not look up interface {name}");
    }

    /// <summary>Finds a link by its index.</summary>
    /// <param name="index">1 or more.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public Link? FindLink(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        return Query(request.Finish(), RouteMessages.ParseLink, $"could not look up interface {index}");
    }

    /// <summary>Reads the counters of a link.</summary>
    /// <param name="index">1 or more.</param>
    /// <returns>Null when there is no such link.</returns>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public LinkStatistics? GetStatistics(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        return Query(
            request.Finish(), RouteMessages.ParseStatistics, $"could not read the counters of interface {index}");
    }

    /// <summary>All links, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or links kept changing (EAGAIN).</exception>
    public IReadOnlyList<Link> GetLinks()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETLINK, Native.NLM_F_DUMP);
        request.WriteStruct(default(ifinfomsg));
        return Dump(request.Finish(), RouteMessages.ParseLink, "RTM_GETLINK", "could not list interfaces");
    }

    /// <summary>All IPv4 addresses of all links, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or addresses kept changing (EAGAIN).</exception>
    public IReadOnlyList<InterfaceAddress> GetAddresses()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETADDR, Native.NLM_F_DUMP);
        request.WriteStruct(new ifaddrmsg { ifa_family = (byte)LibC.AF_INET });
        return Dump(request.Finish(), RouteMessages.ParseAddress, "RTM_GETADDR", "could not list addresses");
    }

    /// <summary>All IPv4 routes of the main table, in the kernel's order.</summary>
    /// <exception cref="LinuxException">The kernel refused, or routes kept changing (EAGAIN).</exception>
    public IReadOnlyList<Ipv4Route> GetRoutes()
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_GETROUTE, Native.NLM_F_DUMP);
        request.WriteStruct(new rtmsg { rtm_family = (byte)LibC.AF_INET });
        return Dump(request.Finish(), RouteMessages.ParseMainRoute, "RTM_GETROUTE", "could not list routes");
    }

    /// <summary>Changes settings of a link.</summary>
    /// <param name="index">1 or more.</param>
    /// <param name="settings">What to change.</param>
    /// <exception cref="LinuxException">
    /// ENODEV: no such link. EINVAL: a value the driver does not accept. EPERM. Settings before the refused one, in the
    /// order MTU, queue length, IPv6, up, are not taken back.
    /// </exception>
    public void ConfigureLink(int index, LinkSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Mtu ?? 0, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.TransmitQueueLength ?? 0, nameof(settings));

        // In this order, and "up" by itself: within one message the kernel brings the link up, and makes the IPv6
        // address, before it looks at IFLA_AF_SPEC (net/core/rtnetlink.c, do_setlink); and IPv6 appears on a link only
        // when its MTU is 1280 or more.
        if (settings.Mtu is { } mtu)
        {
            SetNumber(index, Native.IFLA_MTU, mtu, "mtu");
        }

        if (settings.TransmitQueueLength is { } packets)
        {
            SetNumber(index, Native.IFLA_TXQLEN, packets, "transmit queue length");
        }

        if (settings.NoIpv6LinkLocalAddress)
        {
            DisableIpv6LinkLocalAddress(index);
        }

        if (settings.Up is { } up)
        {
            SetUp(index, up);
        }
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

    /// <summary>Adds a route to the main table: no gateway, no metric, protocol boot, scope universe.</summary>
    /// <param name="destination">Without host bits.</param>
    /// <param name="interfaceIndex">1 or more; the link is up.</param>
    /// <exception cref="LinuxException">
    /// EEXIST: there is a route to this destination, wherever it leads. ENETDOWN: the link is down. ENODEV: no such
    /// link. EINVAL: host bits. EPERM.
    /// </exception>
    public void AddRoute(Ipv4Prefix destination, int interfaceIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(interfaceIndex);
        CheckPrefixLength(destination.Length);

        var request = new NetlinkMessageWriter(
            stackalloc byte[RequestBytes],
            Native.RTM_NEWROUTE,
            Native.NLM_F_ACK | Native.NLM_F_CREATE | Native.NLM_F_EXCL);
        request.WriteStruct(new rtmsg
        {
            rtm_family = (byte)LibC.AF_INET,
            rtm_dst_len = (byte)destination.Length,
            rtm_table = Native.RT_TABLE_MAIN,
            rtm_protocol = Native.RTPROT_BOOT,
            rtm_scope = Native.RT_SCOPE_UNIVERSE,
            rtm_type = Native.RTN_UNICAST,
        });
        request.WriteIpv4Attribute(Native.RTA_DST, destination.Address);
        request.WriteAttribute(Native.RTA_OIF, (uint)interfaceIndex);

        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            string route = $"{destination} dev {NameOf(interfaceIndex)}";
            throw NetlinkRefusal.Of("RTM_NEWROUTE", answer, $"could not add route {route}");
        }
    }

    /// <summary>Closes the connection. What was configured stays.</summary>
    public void Dispose() => _socket.Dispose();

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

    private void SetNumber(int index, ushort attribute, int value, string what)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_NEWLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        request.WriteAttribute(attribute, (uint)value);
        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWLINK", answer, $"could not set the {what} of {Describe(index)} to {value}");
        }
    }

    private void SetUp(int index, bool up)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_NEWLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg
        {
            ifi_index = index,
            ifi_flags = up ? Native.IFF_UP : 0,
            ifi_change = Native.IFF_UP,
        });
        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of(
                "RTM_NEWLINK", answer, $"could not {(up ? "bring up" : "take down")} {Describe(index)}");
        }
    }

    private void DisableIpv6LinkLocalAddress(int index)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_NEWLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        int families = request.BeginNested(Native.IFLA_AF_SPEC);
        int ipv6 = request.BeginNested((ushort)LibC.AF_INET6);
        request.WriteAttribute(Native.IFLA_INET6_ADDR_GEN_MODE, [Native.IN6_ADDR_GEN_MODE_NONE]);
        request.EndNested(ipv6);
        request.EndNested(families);

        NetlinkAnswer answer = _socket.Execute(request.Finish());

        // EAFNOSUPPORT: the kernel has no IPv6, or the link has none (its MTU is below 1280). No address will come
        // then.
        if (answer.Errno is not (Errno.None or Errno.EAFNOSUPPORT))
        {
            throw NetlinkRefusal.Of(
                "RTM_NEWLINK", answer, $"could not disable the IPv6 link-local address of {Describe(index)}");
        }
    }

    // Null when there is no such link.
    private T? Query<T>(Span<byte> request, NetlinkMessageParser<T> parse, string what)
        where T : class
    {
        NetlinkAnswer answer = _socket.Query(request, parse, out T? found);
        return answer.Errno switch
        {
            Errno.None => found,
            Errno.ENODEV => null,
            _ => throw NetlinkRefusal.Of("RTM_GETLINK", answer, what),
        };
    }

    private List<T> Dump<T>(Span<byte> request, NetlinkMessageParser<T> parse, string call, string what)
        where T : class
    {
        NetlinkAnswer answer = _socket.Dump(request, parse, out List<T> found);
        return answer.Errno == Errno.None ? found : throw NetlinkRefusal.Of(call, answer, what);
    }

    private string Describe(int index) => $"interface {NameOf(index)}";

    // For a message about a failure: it must not fail itself.
    private string NameOf(int index)
    {
        try
        {
            return FindLink(index)?.Name ?? $"#{index}";
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            return $"#{index}";
        }
    }

    private static void CheckPrefixLength(int prefixLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(prefixLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, 32);
    }
}
