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
public sealed partial class RouteNetlink : IDisposable
{
    // The longest request, a route or a link with a name, is under 64 bytes.
    private const int RequestBytes = 128;

    private const int LongestNameBytes = Native.IFNAMSIZ - 1;

    private readonly NetlinkSocket _socket;

    private RouteNetlink(NetlinkSocket socket) => _socket = socket;

    /// <summary>By which events of changes that were made here are known (<see cref="NetlinkEvent.Port"/>).</summary>
    public uint Port => _socket.Port;

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

    /// <summary>Changes settings of a link.</summary>
    /// <param name="index">1 or more.</param>
    /// <param name="settings">What to change.</param>
    /// <exception cref="LinuxException">
    /// ENODEV: no such link. EINVAL: a value the driver does not accept. EPERM. Settings before the refused one, in the
    /// order MAC, MTU, queue length, IPv6, up, are not taken back.
    /// </exception>
    public void ConfigureLink(int index, LinkSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(index);
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Mtu ?? 0, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfNegative(settings.TransmitQueueLength ?? 0, nameof(settings));

        if (settings.Mac is { } mac)
        {
            SetMac(index, mac);
        }

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

    /// <summary>Closes the connection. What was configured stays.</summary>
    public void Dispose() => _socket.Dispose();

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

    private void SetMac(int index, MacAddress mac)
    {
        var request = new NetlinkMessageWriter(stackalloc byte[RequestBytes], Native.RTM_NEWLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = index });
        request.WriteMacAttribute(Native.IFLA_ADDRESS, mac);
        NetlinkAnswer answer = _socket.Execute(request.Finish());
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWLINK", answer, $"could not set the MAC of {Describe(index)} to {mac}");
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
