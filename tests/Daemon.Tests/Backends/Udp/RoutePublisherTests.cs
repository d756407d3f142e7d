using System;
using System.Collections.Generic;
using Overlay.Daemon.Backends.Udp;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Router.Routes;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class RoutePublisherTests
{
    private static readonly Ipv4Address s_lost = Address("10.5.240.9"), s_reached = Address("192.168.0.99");

    private readonly RouteTableCell _cell = new();
    private readonly HealthBoard _health = new(TimeProvider.System);
    private readonly LineLog _log = new();
    private readonly HashSet<Ipv4Address> _intoTunnel = [s_lost];
    private readonly List<Ipv4Address> _asked = [];
    private readonly LeaseView _view = new(Ipv4Prefix.Parse("10.5.34.0/24"), Address("192.168.0.34"));
    private readonly RoutePublisher _publisher;

    private bool _unknown; // the kernel has no answer

    public RoutePublisherTests() => _publisher = new RoutePublisher(
        _cell.Publish,
        Ipv4Prefix.Parse("10.5.0.0/16"),
        peer =>
        {
            _asked.Add(peer);
            return _unknown ? null : _intoTunnel.Contains(peer);
        },
        _log)
    {
        Health = _health,
    };

    [Fact]
    public void A_peer_whose_datagrams_would_loop_has_no_route_until_the_kernel_leads_them_elsewhere()
    {
        Publish(LeaseOf("10.5.99.0", "192.168.0.99"), LeaseOf("10.5.98.0", "10.5.240.9"));

        Assert.Equal(1, _cell.Current.Count);
        Assert.False(_cell.Current.IsPeer(s_lost));
        Assert.Equal(s_reached, _cell.Current.Find(Address("10.5.99.7")));
        Assert.Contains("they would loop: 10.5.98.0/24 via 10.5.240.9; give", Assert.Single(_log.Lines));
        HealthWarning raised = Assert.Single(_health.ReadAll());
        Assert.Equal((HealthCodes.PeerThroughTunnel, $"{s_lost}"), (raised.Code, raised.Subject));

        _publisher.Refresh();
        Assert.Single(_log.Lines);

        _unknown = true; // the tunnel is down, say, and its route gone
        _publisher.Refresh();
        Assert.Equal(1, _cell.Current.Count);
        Assert.Single(_log.Lines);

        _unknown = false;
        _intoTunnel.Clear();
        _publisher.Refresh();
        Assert.Equal(s_lost, _cell.Current.Find(Address("10.5.98.7")));
        Assert.EndsWith("no longer left out: 10.5.98.0/24 via 10.5.240.9", _log.Lines[^1]);
        Assert.Empty(_health.ReadAll());

        _intoTunnel.Add(s_lost);
        _publisher.Refresh();
        Assert.Equal(1, _cell.Current.Count);
        Assert.Equal(3, _log.Lines.Count);
    }

    [Fact]
    public void A_peer_that_is_known_is_not_looked_up_again_with_each_update()
    {
        Publish(LeaseOf("10.5.99.0", "192.168.0.99"), LeaseOf("10.5.98.0", "10.5.240.9"));
        Publish(
            LeaseOf("10.5.99.0", "192.168.0.99"), LeaseOf("10.5.98.0", "10.5.240.9"),
            LeaseOf("10.5.97.0", "10.5.240.9"), LeaseOf("10.5.96.0", "192.168.0.96"));

        Assert.Equal([s_lost], _asked); // the others are outside the network
        Assert.Equal(2, _cell.Current.Count);
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void Of_many_that_would_loop_a_few_are_named_and_the_others_counted()
    {
        List<SubnetLease> leases = [];
        for (int host = 1; host <= 9; host++)
        {
            leases.Add(LeaseOf($"10.5.{host}.0", $"10.5.240.{host}"));
            _intoTunnel.Add(Address($"10.5.240.{host}"));
        }

        Publish([.. leases]);

        Assert.Equal(0, _cell.Current.Count);
        Assert.Contains("10.5.4.0/24 via 10.5.240.4 and 5 more;", Assert.Single(_log.Lines));
    }

    private void Publish(params IReadOnlyList<SubnetLease> leases)
    {
        _view.Apply(new LeaseUpdate.Snapshot(leases));
        _publisher.Publish(_view);
    }
}
