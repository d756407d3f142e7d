using System;
using Overlay.Capture.Packets;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Netns.Tests.Support;
using Xunit;

namespace Overlay.Netns.Tests.KernelPath;

/// <summary>What the rest of a host sees of packets that its kernel takes in and out by itself.</summary>
public sealed class KernelNetfilterTests : LabTest
{
    private const int TransferBytes = 1 << 20;

    [Fact]
    public void Rules_see_the_inner_packets_and_not_the_datagrams_and_strict_reverse_paths_and_conntrack_let_them_by()
    {
        Prerequisites.Require(("iptables", "iptables"), ("nft", "nftables"), ("ping", "iputils-ping"));
        TestLab lab = NewLab(2);
        lab.Datapath = "kernel";
        foreach (int number in (int[])[1, 2])
        {
            CommandResult strict = lab.Run(
                lab.Host(number).HostNamespace, "sh", "-c",
                "for f in all default eth0; do echo 1 > /proc/sys/net/ipv4/conf/$f/rp_filter; done");
            Assert.True(strict.Succeeded, strict.Error);

            // Connections are tracked from here on, and nothing that belongs to none is forwarded.
            Rule(lab, number, "-A FORWARD -m conntrack --ctstate INVALID -j DROP");
        }

        _ = lab.BringUp(1, 2);
        lab.AwaitReach(1, 2);
        StreamsCross(lab);

        // The rule that is common where many tunnels end.
        foreach (int number in (int[])[1, 2])
        {
            Rule(lab, number, "-t raw -A PREROUTING -p udp --dport 8285 -j NOTRACK");
            Rule(lab, number, "-t raw -A OUTPUT -p udp --dport 8285 -j NOTRACK");
        }

        StreamsCross(lab);
        TheDatagramsAreUnseen(lab);
        RulesStopWhatIsForwarded(lab);
        TheTunnelShowsWhatComesIn(lab);
        Assert.Empty(InnerErrors.Of(lab.Plan));
    }

    private static void StreamsCross(TestLab lab)
    {
        long before = lab.Counters(2).KernelPath!.InboundBytes;
        foreach ((int from, int to) in ((int, int)[])[(1, 2), (2, 1)])
        {
            TcpTransfer.ArrivesIntact(
                lab.Host(from).PodNamespace, lab.Host(to).PodNamespace, lab.Pod(to), TransferBytes, seed: from);
        }

        Assert.True(lab.Counters(2).KernelPath!.InboundBytes > before + TransferBytes, "not by the kernel");
    }

    // A packet that user space takes, because a probe came late on a busy machine, is seen: so it is tried again.
    private static void TheDatagramsAreUnseen(TestLab lab)
    {
        Rule(lab, 2, "-A INPUT -p udp --dport 8285 -j ACCEPT");
        Await(
            () =>
            {
                Rule(lab, 2, "-Z INPUT");
                Assert.True(Ping(lab, "-c", "3", "-i", "0.1", "-W", "60").Succeeded);
                return Counted(lab, 2, "INPUT") == 0;
            },
            "netfilter saw datagrams in INPUT");
    }

    private static void RulesStopWhatIsForwarded(TestLab lab)
    {
        foreach ((int number, string rule) in ((int, string)[])
            [(2, "FORWARD -i flannel0 -p icmp -j DROP"), (1, "FORWARD -o flannel0 -p icmp -j DROP")])
        {
            Rule(lab, number, $"-I {rule}");
            Assert.False(Ping(lab, "-c", "1", "-W", "1").Succeeded);
            Assert.True(Counted(lab, number, "FORWARD") > 0, $"h{number}: the rule has seen nothing");
            Rule(lab, number, $"-D {rule}");
            Assert.True(Ping(lab, "-c", "1", "-W", "60").Succeeded);
        }

        NftablesStopsWhatIsForwarded(lab, 2);
    }

    // iptables may be the old or the new one (iptables -V); this is nftables itself.
    private static void NftablesStopsWhatIsForwarded(TestLab lab, int number)
    {
        Nft(lab, number, "add table ip t");
        Nft(lab, number, "add chain ip t f { type filter hook forward priority 0; }");
        Nft(lab, number, "add rule ip t f iifname flannel0 ip protocol icmp counter drop");
        Assert.False(Ping(lab, "-c", "1", "-W", "1").Succeeded);
        Assert.DoesNotContain("packets 0 ", Nft(lab, number, "list chain ip t f"), StringComparison.Ordinal);
        Nft(lab, number, "delete table ip t");
        Assert.True(Ping(lab, "-c", "1", "-W", "60").Succeeded);
    }

    private static string Nft(TestLab lab, int number, string words)
    {
        CommandResult done = lab.Run(lab.Host(number).HostNamespace, "nft", words);
        Assert.True(done.Succeeded, $"nft {words}: {done.Error}");
        return done.Output;
    }

    private static void TheTunnelShowsWhatComesIn(TestLab lab)
    {
        string host = lab.Host(1).HostNamespace;
        int index = LabNamespace.InterfaceIndex(host, "flannel0");
        byte[] packet = new byte[64 * 1024];
        Await(
            () =>
            {
                using PacketSocket tunnel = LabNamespace.Run(host, () => PacketSocket.Open(index));
                Assert.True(Ping(lab, "-c", "1", "-W", "60").Succeeded);
                (int In, int Out) seen = default;
                while (tunnel.TryReceive(packet, TimeSpan.Zero, out int length, out PacketDirection direction))
                {
                    if (new PacketDecoder().Decode(LinkType.Ipv4, packet.AsMemory(0, length), length).Outer.Transport
                        == TransportKind.Icmp)
                    {
                        bool isIncoming = direction == PacketDirection.Incoming;
                        seen = isIncoming ? (seen.In + 1, seen.Out) : (seen.In, seen.Out + 1);
                    }
                }

                return seen == (1, 0);
            },
            "flannel0 does not show the answer alone");
    }

    private static CommandResult Ping(TestLab lab, params string[] options) => lab.Run(
        lab.Host(1).PodNamespace, ["ping", "-n", .. options, lab.Pod(2).ToString()]);

    private static void Rule(TestLab lab, int number, string words)
    {
        CommandResult done = lab.Run(lab.Host(number).HostNamespace, ["iptables", "-w", .. words.Split(' ')]);
        Assert.True(done.Succeeded, $"iptables {words}: {done.Error}");
    }

    // Packets of the chain's first rule.
    private static long Counted(TestLab lab, int number, string chain)
    {
        CommandResult listed = lab.Run(
            lab.Host(number).HostNamespace, "iptables", "-w", "-n", "-v", "-x", "-L", chain, "1");
        Assert.True(listed.Succeeded, listed.Error);
        return long.Parse(listed.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
    }
}
