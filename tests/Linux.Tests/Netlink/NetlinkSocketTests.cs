using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Linux.Interop;
using Overlay.Linux.Netlink;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

public sealed class NetlinkSocketTests
{
    [Fact]
    public void The_receive_buffer_grows_to_the_datagram()
    {
        using NetlinkSocket small = NetlinkSocket.Open(Libc.NETLINK_ROUTE, bufferBytes: 1);
        using NetlinkSocket large = NetlinkSocket.Open(Libc.NETLINK_ROUTE);

        Assert.Equal(Errno.None, small.Dump(LinkDump(), RouteMessages.ParseLink, out List<Link> bySmall).Errno);
        Assert.Equal(Errno.None, large.Dump(LinkDump(), RouteMessages.ParseLink, out List<Link> byLarge).Errno);

        Assert.Equal(byLarge.Select(link => link.Name), bySmall.Select(link => link.Name));
        Assert.Contains(bySmall, link => link.Name == "lo");
    }

    [Fact]
    public void After_an_abandoned_conversation_the_next_one_is_answered()
    {
        using NetlinkSocket socket = NetlinkSocket.Open(Libc.NETLINK_ROUTE);
        Assert.Throws<TimeoutException>(() => socket.Query<Link>(LinkQuery(), _ => throw new TimeoutException(), out _));

        NetlinkAnswer answer = socket.Query(LinkQuery(), RouteMessages.ParseLink, out Link? link);

        Assert.Equal(Errno.None, answer.Errno);
        Assert.Equal("lo", link?.Name);
    }

    [Fact]
    public void A_dump_during_changes_is_of_one_moment_or_says_that_it_is_not()
    {
        using var inside = new TemporaryNamespace();
        inside.Ip("tuntap add name tun0 mode tun");
        using NetlinkSocket reader = inside.Namespace.Run(() => NetlinkSocket.Open(Libc.NETLINK_ROUTE));
        using RouteNetlink changer = inside.Namespace.Run(RouteNetlink.Open);
        int index = changer.FindLink("tun0")!.Index;
        const uint Last = 0x0A00_0000 + 4_000;
        bool done = false;
        var changing = new Thread(() =>
        {
            for (uint address = 0x0A00_0001; address <= Last; address++)
            {
                changer.AddAddress(index, address, 32);
            }

            Volatile.Write(ref done, true);
        });
        changing.Start();

        // The dumper must not see the addresses but in the order of their making, without a gap.
        int dumps = 0;
        bool last;
        do
        {
            last = Volatile.Read(ref done);
            if (reader.Dump(AddressDump(), RouteMessages.ParseAddress, out List<InterfaceAddress> found).Errno == Errno.None)
            {
                Assert.Equal(Enumerable.Range(1, found.Count).Select(i => 0x0A00_0000u + (uint)i), found.Select(address => address.Address));
                dumps++;
            }
        }
        while (!last);

        changing.Join();
        Assert.True(dumps > 0);
    }

    private static byte[] LinkDump()
    {
        var request = new NetlinkMessageWriter(new byte[64], Libc.RTM_GETLINK, Libc.NLM_F_DUMP);
        request.WriteStruct(default(ifinfomsg));
        return request.Finish().ToArray();
    }

    private static byte[] LinkQuery()
    {
        var request = new NetlinkMessageWriter(new byte[64], Libc.RTM_GETLINK, Libc.NLM_F_ACK);
        request.WriteStruct(new ifinfomsg { ifi_index = 1 });
        return request.Finish().ToArray();
    }

    private static byte[] AddressDump()
    {
        var request = new NetlinkMessageWriter(new byte[64], Libc.RTM_GETADDR, Libc.NLM_F_DUMP);
        request.WriteStruct(new ifaddrmsg { ifa_family = Libc.AF_INET });
        return request.Finish().ToArray();
    }
}
