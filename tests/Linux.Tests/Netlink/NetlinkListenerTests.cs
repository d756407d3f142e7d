using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Linux.Tests.Netlink;

public sealed class NetlinkListenerTests
{
    private const NetlinkTopics Everything =
        NetlinkTopics.Links | NetlinkTopics.Neighbours | NetlinkTopics.Addresses | NetlinkTopics.Routes;

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void Each_kind_of_change_is_heard_of_with_its_interface_and_destination()
    {
        using var inside = new TemporaryNamespace();
        using NetlinkListener listener = inside.Namespace.Run(() => NetlinkListener.Open(Everything));
        inside.IpBatch("""
            link add eth0 type veth peer name eth1
            link set eth0 up
            link set eth1 up
            address add 10.1.0.1/24 dev eth0
            route add 10.2.0.0/16 via 10.1.0.7
            route add 10.6.0.0/16 dev eth0 table 100
            neighbour add 10.1.0.7 lladdr 02:00:00:00:00:07 dev eth0
            route del 10.2.0.0/16
            neighbour del 10.1.0.7 dev eth0
            """);
        using RouteNetlink netlink = inside.Namespace.Run(RouteNetlink.Open);
        int index = netlink.FindLink("eth0")!.Index;
        netlink.ReplaceRoute(new Ipv4Route(Cidr("10.3.0.0/16"), Ipv4Address.Parse("10.1.0.8"), index, 0));
        inside.Ip("link del eth0");
        List<NetlinkEvent> events = [];

        listener.Read(events);

        Assert.DoesNotContain(events, one => one.Subject == NetlinkSubject.Lost);
        Assert.DoesNotContain(events, one => one.Destination == Cidr("10.6.0.0/16"));
        Assert.Contains(events, one => one is { Subject: NetlinkSubject.Link, IsRemoval: false } && Is(one, ""));
        Assert.Contains(events, one => one is { Subject: NetlinkSubject.Link, IsRemoval: true } && Is(one, ""));
        Assert.Contains(
            events, one => one is { Subject: NetlinkSubject.Address, IsRemoval: false } && Is(one, "10.1.0.1/24"));
        Assert.Equal(
            [false, true],
            events.Where(one => one.Subject == NetlinkSubject.Route && Is(one, "10.2.0.0/16"))
                .Select(one => one.IsRemoval));
        Assert.Contains(events, one => one is { Subject: NetlinkSubject.Neighbour, IsRemoval: false } && Is(one, ""));
        Assert.Contains(events, one => one is { Subject: NetlinkSubject.Neighbour, IsRemoval: true } && Is(one, ""));
        Assert.Equal(
            [netlink.Port],
            events.Where(one => Is(one, "10.3.0.0/16") && !one.IsRemoval).Select(one => one.Port));

        bool Is(NetlinkEvent one, string destination) => one.InterfaceIndex == index
            && (destination.Length == 0 || one.Destination == Cidr(destination));
    }

    [Fact]
    public void What_was_not_asked_for_is_not_heard_of()
    {
        using var inside = new TemporaryNamespace();
        using NetlinkListener listener = inside.Namespace.Run(() => NetlinkListener.Open(NetlinkTopics.Routes));
        inside.IpBatch("""
            link add eth0 type veth peer name eth1
            link set eth0 up
            route add 10.2.0.0/16 dev eth0
            """);
        List<NetlinkEvent> events = [];

        listener.Read(events);

        Assert.NotEmpty(events);
        Assert.All(events, one => Assert.Equal(NetlinkSubject.Route, one.Subject));
    }

    [Fact]
    public void More_changes_than_the_socket_holds_are_reported_as_lost_and_later_ones_are_heard_of()
    {
        using var inside = new TemporaryNamespace();
        inside.IpBatch("""
            link add eth0 type veth peer name eth1
            link set eth0 up
            """);
        using NetlinkListener listener = inside.Namespace.Run(() => NetlinkListener.Open(NetlinkTopics.Routes));
        var routes = new StringBuilder();
        for (int i = 0; i < 4_000; i++)
        {
            routes.Append("route add 10.").Append(i / 256).Append('.').Append(i % 256).Append(".0/24 dev eth0\n");
        }

        inside.IpBatch(routes.ToString());
        List<NetlinkEvent> events = [];
        listener.Read(events);
        Assert.Contains(events, one => one.Subject == NetlinkSubject.Lost);
        events.Clear();
        inside.Ip("route add 11.0.0.0/24 dev eth0");
        listener.Read(events);

        Assert.Equal(
            [(NetlinkSubject.Route, Cidr("11.0.0.0/24"))], events.Select(one => (one.Subject, one.Destination)));
    }

    [Fact]
    public void Waiting_ends_with_a_change_and_with_the_stop_signal()
    {
        using var inside = new TemporaryNamespace();
        using NetlinkListener listener = inside.Namespace.Run(() => NetlinkListener.Open(NetlinkTopics.Links));
        using var stop = new EventSignal();
        List<NetlinkEvent> events = [];
        var waiter = new Thread(() =>
        {
            while (!stop.IsSet)
            {
                listener.Wait(stop);
                lock (events)
                {
                    listener.Read(events);
                    Monitor.PulseAll(events);
                }
            }
        });
        waiter.Start();

        inside.Ip("link set lo up");
        lock (events)
        {
            while (events.Count == 0)
            {
                Assert.True(Monitor.Wait(events, s_deadline), "the change is not heard of");
            }
        }

        stop.Set();
        Assert.True(waiter.Join(s_deadline), "the waiter sleeps on");
    }

    [Fact]
    public void A_transaction_of_nftables_is_one_event_whatever_it_changes()
    {
        Needs.Program("nftables", "nft");
        using var inside = new TemporaryNamespace();
        using NetlinkListener listener = inside.Namespace.Run(NetlinkListener.OpenRulesets);
        string rules = """
            add table ip t
            add chain ip t c
            add rule ip t c accept
            """;
        _ = Command.Run("ip", ["netns", "exec", inside.Name, "nft", "-f", "-"], rules);
        _ = Command.Run("ip", ["netns", "exec", inside.Name, "nft", "list", "ruleset"]);
        List<NetlinkEvent> events = [];

        listener.Read(events);

        Assert.Equal([NetlinkSubject.Ruleset], events.Select(one => one.Subject));
    }

    [Fact]
    public void A_datagram_that_makes_no_sense_counts_as_lost()
    {
        List<NetlinkEvent> events = [];

        NetlinkListener.Parse([1, 2, 3], events);

        Assert.Equal([NetlinkSubject.Lost], events.Select(one => one.Subject));
    }

    private static Ipv4Prefix Cidr(string text) => Ipv4Prefix.Parse(text);
}
