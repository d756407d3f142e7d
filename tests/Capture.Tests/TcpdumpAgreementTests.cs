using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Net;
using Overlay.Testing;
using Xunit;

namespace Overlay.Capture.Tests;

/// <summary>Filters take the packets that tcpdump's take, of packets that carry no others.</summary>
public sealed class TcpdumpAgreementTests(ITestOutputHelper output)
{
    private const int Filters = 40;

    private static readonly string[] s_primitives =
    [
        "ip", "ip6", "arp", "icmp", "udp", "tcp", "port 53", "port 80", "src port 53", "dst port 80", "tcp port 80",
        "udp port 53", "udp dst port 53", "portrange 50-90", "host 10.0.0.1", "src host 10.0.0.1", "dst 10.0.0.2",
        "net 10.0.0.0/24", "src net 10.0.0.0/30", "net 10.0", "net 10.0.0.0 mask 255.255.255.252",
        "src and dst net 10.0.0.0/30", "ip host 10.0.0.1", "arp host 10.0.0.1", "host fc00::1", "src host fc00::2",
        "ip6 host fc00::2", "net fc00::/64", "ip proto 17", "ip proto 6", "src or dst port 53",
        "host 10.0.0.1 or 10.0.0.53",
        "port 53 or 80", "tcp dst port 80 or 81", "not host 10.0.0.1 and 10.0.0.2",
    ];

    private static readonly byte[][] s_frames = Frames();

    [Fact]
    public async Task Filters_at_random_take_the_same_packets()
    {
        Needs.NotQuick("starts tcpdump");
        Needs.Program("tcpdump", "tcpdump");
        int seed = int.TryParse(Environment.GetEnvironmentVariable("OVERLAY_SEED"), out int given)
            ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] capture = CaptureBuilder.Pcap(
            false, false, LinkType.Ethernet,
            [.. s_frames.Select((frame, index) => ((index + 1) * 1_000_000_000L, frame, frame.Length))]);
        HashSet<string> answers = [];
        foreach (string filter in s_primitives.Concat(
            Enumerable.Range(0, Filters).Select(_ => Expression(random, depth: 2))))
        {
            var ours = PacketFilter.Compile(filter);
            string taken = string.Join(' ', Enumerable.Range(1, s_frames.Length).Where(number => ours.Matches(
                new PacketDecoder().Decode(LinkType.Ethernet, s_frames[number - 1], s_frames[number - 1].Length))));
            Assert.True(
                await TcpdumpAsync(capture, filter) is { } theirs && theirs == taken,
                $"seed {seed}: '{filter}' takes {taken}; tcpdump takes {await TcpdumpAsync(capture, filter)}");
            answers.Add(taken);
        }

        Assert.True(answers.Count > 10, $"{answers.Count} different answers");
    }

    private static string Expression(Random random, int depth)
    {
        if (depth == 0 || random.Next(4) == 0)
        {
            return random.GetItems(s_primitives, 1)[0];
        }

        return random.Next(4) switch
        {
            0 => $"not ({Expression(random, depth - 1)})",
            1 => $"({Expression(random, depth - 1)})",
            2 => $"{Expression(random, depth - 1)} and {Expression(random, depth - 1)}",
            _ => $"{Expression(random, depth - 1)} or {Expression(random, depth - 1)}",
        };
    }

    private static byte[][] Frames()
    {
        Ipv4Address one = Address("10.0.0.1"), two = Address("10.0.0.2"), far = Address("10.0.0.53");
        byte[] udp = PacketBuilder.UdpPacket(one, far, 4000, 53, [1, 2]);
        return
        [
            SamplePackets.Ethernet(0x0800, PacketBuilder.TcpPacket(one, two, 40000, 80, 1, 0, 2, [])),
            SamplePackets.Ethernet(0x0800, PacketBuilder.TcpPacket(two, one, 80, 40000, 1, 2, 0x12, [1, 2, 3])),
            SamplePackets.Ethernet(0x0800, PacketBuilder.TcpPacket(far, two, 81, 53, 1, 2, 0x10, [])),
            SamplePackets.Ethernet(0x0800, udp),
            SamplePackets.Ethernet(0x0800, PacketBuilder.UdpPacket(far, one, 53, 4000, [1, 2, 3])),
            SamplePackets.Ethernet(0x0800, PacketBuilder.UdpPacket(one, two, 53, 60, [1], fragment: 0x2000)),
            SamplePackets.Ethernet(0x0800, PacketBuilder.Ipv4(one, two, fragment: 0x00b9)),
            SamplePackets.Ethernet(0x0800, PacketBuilder.TcpPacket(
                Address("10.0.1.7"), Address("192.168.0.1"), 80, 80, 1, 2, 0x10, [],
                ipOptions: [7, 7, 4, 0, 0, 0, 0, 0])),
            SamplePackets.Ethernet(0x0800, SamplePackets.IcmpError(3, 3, udp)),
            SamplePackets.Ethernet(0x86dd, SamplePackets.UdpOverIpv6("fc00::1", "fc00::2", 53, 547)),
            SamplePackets.Ethernet(0x86dd, SamplePackets.Ipv6("fc00::2", "fc01::1", 58, [128, 0, 0, 0, 0, 1, 0, 2])),
            SamplePackets.ArpRequest("10.0.0.1", "10.0.0.2"), SamplePackets.ArpRequest("10.0.0.9", "10.0.0.53"),
            SamplePackets.Ethernet(0x88cc, new byte[40]),
        ];
    }

    private static Ipv4Address Address(string text) => Ipv4Address.Parse(text);

    // The numbers of the packets, which are their times in seconds.
    private static async Task<string> TcpdumpAsync(byte[] capture, string filter)
    {
        var start = new ProcessStartInfo("tcpdump", ["-n", "-tt", "-q", "-r", "-", filter])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("tcpdump did not start");
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(capture, TestContext.Current.CancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended over the filter; its exit code says so.
        }

        string printed = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if ((await error).Contains("expression rejects all packets", StringComparison.Ordinal))
        {
            return string.Empty; // its optimizer has found that out, and calls it an error
        }

        Assert.True(process.ExitCode == 0, $"'{filter}': {await error}");
        return string.Join(' ', printed.Split('\n')
            .Where(line => line.Length > 0 && char.IsAsciiDigit(line[0]))
            .Select(line => int.Parse(line.Split('.')[0], CultureInfo.InvariantCulture)));
    }
}
