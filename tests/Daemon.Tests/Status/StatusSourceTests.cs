using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Control;
using Overlay.Daemon.Leases;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Status;

public sealed class StatusSourceTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ScriptedBackend _backend = new();
    private readonly HealthBoard _health;
    private readonly PeerActivity _activity;

    public StatusSourceTests()
    {
        _health = new HealthBoard(_time);
        _activity = new PeerActivity(_time);
    }

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void With_a_fallback_the_peers_that_go_by_VXLAN_are_routed_and_those_that_go_by_udp_are_counted()
    {
        PeerReport[] counted = [new("192.168.0.1", 5, 500, 4, 400), new("192.168.0.2", 5, 500, 4, 400)];
        _activity.Sample(counted);
        _backend.Counters = _backend.Counters with
        {
            PerPeer = counted,
            Fallback = new FallbackReport(
                "flannel.1", 0, 0, 0, 0,
                [
                    new PeerWayReport("192.168.0.1", "vxlan"), // and by udp before
                    new PeerWayReport("192.168.0.2", "udp", "three questions without an answer"),
                    new PeerWayReport("192.168.0.3", "direct"), new PeerWayReport("192.168.0.4", "udp"),
                    new PeerWayReport("192.168.0.5", "none", "no VXLAN on this host"),
                ]),
        };
        IReadOnlyList<PeerStatus> peers = Read("vxlan", 5).Peers;
        Assert.Equal(
            [
                ("vxlan", "routed", null), ("udp", "active", 5), ("direct", "routed", null), ("udp", "idle", 0),
                ("none", "no-route", 0L),
            ],
            peers.Select(peer => (peer.Way, peer.State, peer.OutboundPackets)));
        Assert.Null(peers[0].LastHeard);
        Assert.NotNull(peers[1].LastHeard);
        Assert.Equal("no VXLAN on this host", peers[4].Cause);
    }

    [Theory]
    [InlineData("vxlan", "vxlan")]
    [InlineData("host-gw", "route")]
    public void Peers_of_a_backend_whose_kernel_forwards_are_routed(string backend, string way) => Assert.Equal(
        (way, "routed", null, null),
        Read(backend, 1).Peers.Select(peer => (peer.Way, peer.State, peer.InboundBytes, peer.LastHeard)).Single());

    [Fact]
    public void The_worst_that_is_wrong_with_a_peer_or_one_of_its_leases_is_its_state()
    {
        _backend.Counters = _backend.Counters with { PerPeer = [] };
        _health.Raise(HealthCodes.PeerDaemonDown, "192.168.0.1", "it answers");
        _health.Raise(HealthCodes.PeerNotMade, "10.5.1.0/24", "the kernel refuses");
        _health.Raise(HealthCodes.PeerDaemonDown, "192.168.0.2", "it answers");
        _health.Raise(HealthCodes.PeerPathMtu, "192.168.0.3", "no state");
        IReadOnlyList<PeerStatus> peers = Read("udp", 3).Peers;
        Assert.Equal(
            [("none", "no-route"), ("user", "daemon-down"), ("user", "idle")],
            peers.Select(peer => (peer.Way, peer.State)));
        Assert.StartsWith("peer-not-made: the kernel refuses; ", peers[0].Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void A_warning_as_JSON_has_what_it_depends_on_and_how_long_it_has_to_last()
    {
        _health.Raise(HealthCodes.PeerDaemonDown, "192.168.0.1", "it answers");
        _time.Advance(TimeSpan.FromSeconds(5));
        WarningReport warning = Assert.Single(StatusReport.Parse(Read("udp", 1).ToJson()).Warnings);
        Assert.Equal(["underlay-gone", "underlay-down"], warning.DependsOn);
        Assert.Equal(5, warning.SecondsToVisible);
    }

    private StatusReport Read(string backend, int peers)
    {
        SubnetLease own = LeaseOf("10.5.34.0", "192.168.0.34");
        SubnetLease[] others = [.. Enumerable.Range(1, peers).Select(
            number => LeaseOf($"10.5.{number}.0", $"192.168.0.{number}"))];
        return new StatusSource(
            _backend, backend, new Ipv4Prefix(Address("10.5.0.0"), 16), "scripted",
            () => new KnownLeases(own, others, [], []), _health, _activity, _time).Read();
    }
}
