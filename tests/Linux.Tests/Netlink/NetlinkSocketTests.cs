using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux.Interop;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Tmds.Linux;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

public sealed class NetlinkSocketTests
{
    private const int AddressCount = 1_000;
    private static readonly Ipv4Address s_secondAddress = Ipv4Address.Parse("10.0.0.1");

    [Fact]
    public void The_receive_buffer_grows_to_the_datagram()
    {
        using var small = NetlinkSocket.Open(Native.NETLINK_ROUTE, bufferBytes: 1);
        using var large = NetlinkSocket.Open(Native.NETLINK_ROUTE);

        Assert.Equal(Errno.None, small.Dump(LinkDump(), RouteMessages.ParseLink, out List<Link> bySmall).Errno);
        Assert.Equal(Errno.None, large.Dump(LinkDump(), RouteMessages.ParseLink, out List<Link> byLarge).Errno);

        Assert.Equal(byLarge.Select(link => link.Name), bySmall.Select(link => link.Name));
        Assert.Contains(bySmall, link => link.Name == "lo");
    }

    [Fact]
    public void After_an_abandoned_conversation_the_next_one_is_answered()
    {
        using var socket = NetlinkSocket.Open(Native.NETLINK_ROUTE);
        Assert.Throws<TimeoutException>(
            () => socket.Query<Link>(LinkQuery(), _ => throw new TimeoutException(), out _));

        NetlinkAnswer answer = socket.Query(LinkQuery(), RouteMessages.ParseLink, out Link? link);

        Assert.Equal(Errno.None, answer.Errno);
        Assert.Equal("lo", link?.Name);
    }

    [Fact]
    public void A_dump_that_raced_with_a_change_is_repeated()
    {
        using var inside = new TemporaryNamespace();
        using NetlinkSocket socket = OpenOverManyAddresses(inside);
        int attempts = 0;

        // The kernel's cursor counts addresses: with one before it deleted, this dump skips another.
        NetlinkAnswer answer = socket.Dump(
            AddressDump(),
            message =>
            {
                InterfaceAddress? address = RouteMessages.ParseAddress(message);
                if (address?.Local.Address == s_secondAddress && ++attempts == 1)
                {
                    inside.Ip("address delete 10.0.0.0/32 dev tun0");
                }

                return address;
            },
            out List<InterfaceAddress> found);

        Assert.Equal(Errno.None, answer.Errno);
        Assert.Equal(2, attempts);
        Assert.Equal(
            Enumerable.Range(0, AddressCount - 1).Select(i => s_secondAddress + (uint)i),
            found.Select(address => address.Local.Address));
    }

    [Fact]
    public void A_dump_that_is_disturbed_every_time_is_EAGAIN()
    {
        using var inside = new TemporaryNamespace();
        using NetlinkSocket socket = OpenOverManyAddresses(inside);
        using RouteNetlink changer = inside.Namespace.Run(RouteNetlink.Open);
        int index = changer.FindLink("tun0")!.Index;
        var added = Ipv4Address.Parse("11.0.0.0");

        NetlinkAnswer answer = socket.Dump(
            AddressDump(),
            message =>
            {
                InterfaceAddress? address = RouteMessages.ParseAddress(message);
                if (address?.Local.Address == s_secondAddress)
                {
                    changer.AddAddress(index, new Ipv4Prefix(added, 32));
                    added += 1;
                }

                return address;
            },
            out List<InterfaceAddress> found);

        Assert.Equal(Errno.EAGAIN, answer.Errno);
        Assert.Empty(found);
    }

    // The small buffer has the kernel make a datagram at a time, so that a change can come between two.
    private static NetlinkSocket OpenOverManyAddresses(TemporaryNamespace inside)
    {
        inside.Ip("tuntap add name tun0 mode tun");
        inside.IpBatch(string.Concat(
            Enumerable.Range(0, AddressCount).Select(i => $"address add 10.0.{i / 256}.{i % 256}/32 dev tun0\n")));
        return inside.Namespace.Run(() => NetlinkSocket.Open(Native.NETLINK_ROUTE, bufferBytes: 1));
    }

    private static byte[] LinkDump()
    {
        var request = new NetlinkMessageWriter(new byte[64], Native.RTM_GETLINK, Native.NLM_F_DUMP);
        request.WriteStruct(default(ifinfomsg));
        return request.Finish().ToArray();
    }

    private static byte[] LinkQuery()
    {
        var request = new NetlinkMessageWriter(new byte[64], Native.RTM_GETLINK, Native.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = 1 });
        return request.Finish().ToArray();
    }

    private static byte[] AddressDump()
    {
        var request = new NetlinkMessageWriter(new byte[64], Native.RTM_GETADDR, Native.NLM_F_DUMP);
        request.WriteStruct(new ifaddrmsg { ifa_family = (byte)LibC.AF_INET });
        return request.Finish().ToArray();
    }
}
