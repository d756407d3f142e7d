using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Diagnosis.Ping;
using Overlay.Doctor.Checks.Underlay;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Net;
using Xunit;

namespace Overlay.Doctor.Tests;

/// <summary>What peers say to the doctor's question, with sockets on the loopback in their places.</summary>
public sealed class PeerProbesTests
{
    private const int QuestionBytes = 19;

    private static readonly Ipv4Address s_ours = Ipv4Address.Parse("127.0.0.2");
    private static readonly Ipv4Address s_stock = Ipv4Address.Parse("127.0.0.3");
    private static readonly Ipv4Address s_stopped = Ipv4Address.Parse("127.0.0.4");

    [Fact]
    public async Task A_daemon_of_ours_answers_stock_is_silent_and_a_host_without_one_refuses()
    {
        using var ours = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        ours.Bind(new IPEndPoint(IPAddress.Parse($"{s_ours}"), 0));
        ushort port = (ushort)((IPEndPoint)ours.LocalEndPoint!).Port;
        using var stock = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stock.Bind(new IPEndPoint(IPAddress.Parse($"{s_stock}"), port));
        Task<int> answering = Task.Run(() => Answer(ours), TestContext.Current.CancellationToken);

        var notes = new FactNotes();
        var probes = PeerProbes.Ask([s_ours, s_stock, s_stopped, s_ours], default, port, notes);

        Assert.Equal(QuestionBytes, await answering);
        Assert.Equal([true, false, false], ((Ipv4Address[])[s_ours, s_stock, s_stopped]).Select(
            peer => probes.IsOpen($"{peer}")));
        Assert.Equal("1.2.3", $"{probes.Answers[s_ours].Release}");
        Assert.Equal([s_stopped], probes.Refusing);
        Assert.Empty(notes.Lines);
        Assert.Equal(QuestionBytes, stock.Available); // asked once
    }

    [Fact]
    public void A_peer_whose_daemon_answers_has_no_fault_of_its_port_whatever_its_pods_do_not_say()
    {
        Assert.Equal(["U10"], Found([], EchoOutcome.Silence));
        Assert.Empty(Found([], EchoOutcome.Answered));
    }

    [Theory]
    [InlineData("peer-daemon-down", "U9")]
    [InlineData("peer-unreachable", "U8")]
    public void What_the_daemon_still_warns_of_is_over_once_the_peer_answers(string code, string row)
    {
        WarningReport warning = new(
            code, "warning", $"{s_ours}", "cause", "breaks", "remedy", DateTimeOffset.UnixEpoch);
        Assert.Equal([row], Found([warning], EchoOutcome.Silence));
        Assert.Empty(Found([warning], EchoOutcome.Answered));
    }

    [Fact]
    public void A_firewall_that_says_so_is_named()
    {
        Finding found = Assert.Single(Look([], new EchoAnswer(EchoOutcome.IcmpError)
        {
            IcmpType = 3,
            IcmpCode = 13,
            Offender = Ipv4Address.Parse("192.0.2.1"),
        }));
        Assert.Equal("U10", found.Row.Id);
        Assert.StartsWith("a firewall on 192.0.2.1 rejects UDP port 8285 of 127.0.0.2: ICMP 3/13", found.Why);
    }

    private static IEnumerable<string> Found(WarningReport[] warnings, EchoOutcome outcome) =>
        Look(warnings, new EchoAnswer(outcome)).Select(finding => finding.Row.Id);

    // To the peer packets have gone, and none has come from there.
    private static IEnumerable<Finding> Look(WarningReport[] warnings, EchoAnswer answer) =>
        new PeerAnswersCheck().Look(new HostFacts(
            new StatusReport(
                "0.1.0", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, true, "udp", "flannel0", 1472,
                "UDP 127.0.0.1:8285", "", new LeaseStatus("10.244.1.0/24", "10.244.0.0/16", "127.0.0.1", "file:/x"),
                [
                    new PeerStatus(
                        ["10.244.2.0/24"], $"{s_ours}", "silent", "user", OutboundPackets: 9, InboundPackets: 0),
                ],
                warnings, new Dictionary<string, long>(), 0, new Dictionary<string, long>()),
            store: null, "/nonexistent", "/nonexistent", network: NetworkFacts.None)
        {
            Probes = new PeerProbes(new Dictionary<Ipv4Address, EchoAnswer> { [s_ours] = answer }),
        });

    // As src/Router answers, by the bytes of its page: kind, and the release behind.
    private static int Answer(Socket socket)
    {
        byte[] datagram = new byte[64];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        int length = socket.ReceiveFrom(datagram, ref from);
        (datagram[4], datagram[16], datagram[17], datagram[18]) = (2, 1, 2, 3);
        var to = new IPEndPoint(((IPEndPoint)from).Address, BinaryPrimitives.ReadUInt16BigEndian(datagram.AsSpan(6)));
        _ = socket.SendTo(datagram.AsSpan(0, QuestionBytes), to);
        return length;
    }
}
