using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Lease;
using Overlay.Net;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Fallback;

public sealed class PeerWaysTests
{
    private static readonly Ipv4Address s_host = Ipv4Address.Parse("172.16.0.4");
    private static readonly Ipv4Address s_tunnel = Ipv4Address.Parse("10.244.4.0");

    private readonly PeerWays _ways;

    private ulong _nonce;

    public PeerWaysTests() => _ways = new PeerWays(() => ++_nonce);

    [Fact]
    public void A_host_is_asked_at_each_of_its_tunnel_addresses_by_one_question_and_one_answer_is_enough()
    {
        _ways.Take([Lease("10.244.4.0/24", "172.16.0.4"), Lease("10.244.9.0/24", "172.16.0.4")]);
        for (int second = 0; second < 10; second++)
        {
            Assert.Empty(_ways.Judge(hasDevice: true));
            IReadOnlyList<OutgoingProbe> probes = Ask();
            Assert.Equal(["10.244.4.0", "10.244.9.0"], probes.Select(probe => probe.To.ToString()));
            Assert.Single(probes.Select(probe => probe.Message).Distinct());
            Assert.Null(_ways.Take(Way.Vxlan, s_tunnel, Answer(probes[0])));
        }
    }

    [Fact]
    public void A_peer_that_only_udp_reaches_goes_by_it_keeps_its_state_and_is_told_so()
    {
        _ways.Take([Lease("10.244.4.0/24", "172.16.0.4")]);
        List<WayChange> changes = [];
        for (int second = 0; second < 5; second++)
        {
            changes.AddRange(_ways.Judge(hasDevice: true));
            foreach (OutgoingProbe probe in Ask().Where(probe => probe.Way == Way.Udp))
            {
                Assert.Null(_ways.Take(Way.Udp, s_tunnel, Answer(probe)));
            }
        }

        Assert.Equal([new WayChange(s_host, Way.Udp, "no answer by VXLAN")], changes);
        _ways.Take([Lease("10.244.4.0/24", "172.16.0.4"), Lease("10.244.5.0/24", "172.16.0.5")]);
        Assert.Equal([s_host], _ways.OnUdp());
        Assert.Equal(
            new ProbeMessage(IsAnswer: true, VxlanWorks: false, 77),
            _ways.Take(Way.Vxlan, s_tunnel, new ProbeMessage(IsAnswer: false, VxlanWorks: true, 77)));
        _ways.Take([]);
        Assert.Empty(_ways.OnUdp());
        Assert.Null(_ways.Find(s_host));
    }

    [Fact]
    public void Whoever_is_no_peer_is_not_answered_and_who_is_routed_to_plainly_is_not_asked()
    {
        _ways.Take([Lease("10.244.4.0/24", "172.16.0.4")]);
        var question = new ProbeMessage(IsAnswer: false, VxlanWorks: true, 5);

        Assert.Null(_ways.Take(Way.Vxlan, Ipv4Address.Parse("10.244.4.1"), question));
        Assert.Equal(question with { IsAnswer = true }, _ways.Take(Way.Vxlan, s_tunnel, question));
        Assert.Empty(_ways.Ask(host => host == s_host));
    }

    [Fact]
    public void A_message_is_16_bytes_and_anything_else_is_none()
    {
        byte[] bytes = new byte[ProbeMessage.Bytes];
        new ProbeMessage(IsAnswer: true, VxlanWorks: true, 0x0102030405060708).Write(bytes);
        Assert.Equal("4F564C4601020100" + "0102030405060708", Convert.ToHexString(bytes));
        Assert.Equal(new ProbeMessage(true, true, 0x0102030405060708), ProbeMessage.Read(bytes));

        Assert.Null(ProbeMessage.Read(bytes.AsSpan(1)));
        Assert.Null(ProbeMessage.Read([.. bytes, 0]));
        foreach (int index in (int[])[0, 4, 5])
        {
            byte[] other = [.. bytes];
            other[index] ^= 0x40;
            Assert.Null(ProbeMessage.Read(other));
        }
    }

    private static ProbeMessage Answer(OutgoingProbe probe) => probe.Message with { IsAnswer = true };

    private IReadOnlyList<OutgoingProbe> Ask() => _ways.Ask(_ => false);

    private static SubnetLease Lease(string subnet, string publicIp) => new(
        Ipv4Prefix.Parse(subnet), new LeaseAttributes(Ipv4Address.Parse(publicIp)), DateTimeOffset.MaxValue);
}
