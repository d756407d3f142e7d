using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Overlay.Control;
using Overlay.Operator.Status;
using Overlay.Operator.Top;
using Overlay.Terminal;
using Spectre.Console;
using Xunit;

namespace Overlay.Daemon.Tests.Status;

public sealed class StatusTextTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly PeerStatus s_peer = new(
        ["10.244.102.0/24"], "172.16.100.104", "daemon-down", "kernel", 1400, s_now - TimeSpan.FromMinutes(3),
        123_456_789, 123_456_789_012, 98_765_432, 98_765_432_109, "peer-daemon-down: it answers; start it");

    private static readonly StatusReport s_report = new(
        "1.2.3", s_now, s_now - TimeSpan.FromHours(5), true, "udp", "flannel0", 1472, "UDP 172.16.100.105:8285",
        "datapath kernel, engine offload with a description that is longer than eighty columns are wide, strict",
        new LeaseStatus("10.244.1.0/24", "10.244.0.0/16", "172.16.100.105", "file:/srv", s_now),
        [s_peer, s_peer with { PublicIp = "172.16.100.105", Subnets = ["10.244.103.0/24"], State = "active" }],
        [
            new WarningReport(
                "peer-daemon-down", "warning", "172.16.100.104",
                "it answers that nobody listens on the port (ICMP 3/3)",
                "packets to the peer are lost: nobody listens on its port",
                "start overlay or flanneld on the peer, with the same port", s_now),
        ],
        new Dictionary<string, long> { ["route"] = 1 }, 12.5, new Dictionary<string, long> { ["no_route"] = 7 });

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void A_status_fits_the_width_with_a_line_for_each_peer_and_says_what_is_left_out(int width)
    {
        string[] lines = [.. StatusText.Lines(s_report, width, Ink.None)];
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Single(lines, line => line.StartsWith("10.244.102.0/24", StringComparison.Ordinal)
            && line.Contains("172.16.100.104", StringComparison.Ordinal)
            && line.Contains("daemon-down", StringComparison.Ordinal)
            && line.Contains("1400", StringComparison.Ordinal));
        bool isWhole = lines.Any(line => line.Contains("123456789 pkts", StringComparison.Ordinal));
        Assert.Equal(isWhole, !lines.Any(line => line.Contains("on a wider terminal", StringComparison.Ordinal)));
        Assert.Equal(width > 120, isWhole);
        string how = lines.Single(line => line.StartsWith("how ", StringComparison.Ordinal));
        Assert.Equal(width == 80, how.EndsWith('…'));
        Assert.Contains(
            "warning peer-daemon-down 172.16.100.104: it answers", string.Join(' ', lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Into_a_pipe_nothing_is_cut_or_coloured()
    {
        string text = string.Join('\n', StatusText.Lines(s_report, TextTable.Unlimited, Ink.None));
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain('…', text);
        Assert.Contains(
            "    fix:    start overlay or flanneld on the peer, with the same port", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void The_live_view_fits_the_width_and_says_what_is_left_out(int width)
    {
        var rates = new PeerRates();
        _ = rates.Take(s_report);
        StatusReport later = s_report with
        {
            Now = s_now + TimeSpan.FromSeconds(2),
            ProcessorSeconds = 13.5,
            Peers = [.. s_report.Peers.Select(peer => peer with { OutboundBytes = peer.OutboundBytes + 250_000_000 })],
            Drops = new Dictionary<string, long> { ["no_route"] = 17 },
        };
        TopSample sample = rates.Take(later);
        Assert.Equal([1e9, 1e9], sample.Peers.Select(peer => peer.OutboundBits));
        Assert.Equal((0.5, 5), (sample.Processors, sample.Drops.Single().Value));
        string[] lines = Draw(sample, width, 24);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        string text = string.Join('\n', lines);
        Assert.Contains("10.244.102.0/24", text, StringComparison.Ordinal);
        Assert.Contains("1.0 Gbit/s", text, StringComparison.Ordinal);
        Assert.Contains("processors 0.50", text, StringComparison.Ordinal);
        Assert.Contains("drops 5/s, mostly no_route", text, StringComparison.Ordinal);
        Assert.Equal(width == 80, text.Contains("more columns on a wider terminal", StringComparison.Ordinal));
        Assert.Equal(width == 200, text.Contains("172.16.100.104  daemon-down", StringComparison.Ordinal));
    }

    [Fact]
    public void At_every_width_each_peer_of_the_live_view_has_one_line_and_what_is_left_out_has_a_sign()
    {
        PeerStatus[] many =
        [
            s_peer with { Subnets = ["10.244.1.0/24", "10.244.2.0/24"], State = "unreachable", Way = "direct" },
            s_peer with { Subnets = ["255.244.103.128/25"], PublicIp = "255.255.100.105" },
            s_peer with
            {
                Subnets = ["10.1.4.0/24"], PublicIp = "10.0.0.4", State = "routed", Way = "vxlan", LastHeard = null,
                OutboundBytes = null, InboundBytes = null, OutboundPackets = null, InboundPackets = null,
            },
        ];
        foreach (PeerStatus[] peers in new[] { s_report.Peers.ToArray(), many })
        {
            var rates = new PeerRates();
            TopSample sample = rates.Take(s_report with { Peers = peers });
            for (int look = 1; look <= PeerRates.HistoryLength; look++)
            {
                int number = look;
                sample = rates.Take(s_report with
                {
                    Now = s_now + TimeSpan.FromSeconds(look),
                    Peers =
                    [
                        .. peers.Select(peer => peer with
                        {
                            OutboundBytes = peer.OutboundBytes + (number * 12_487_500_000),
                            InboundPackets = peer.InboundPackets + (number * 99_999_999L),
                        }),
                    ],
                });
            }

            int columnsBefore = 0;
            for (int width = 80; width <= 200; width++)
            {
                string[] lines = Draw(sample, width, 24);
                Assert.All(lines, line => Assert.True(line.Length <= width, $"{width}: {line}"));
                foreach (PeerStatus peer in peers)
                {
                    string row = Assert.Single(
                        lines, line => line.StartsWith(peer.Subnets[0], StringComparison.Ordinal));
                    Assert.Contains(peer.State, row, StringComparison.Ordinal);
                    Assert.Contains(peer.OutboundBytes is null ? " - " : "/s", row, StringComparison.Ordinal);
                }

                string[] headings = lines.Single(line => line.StartsWith("SUBNET ", StringComparison.Ordinal))
                    .Split("  ", StringSplitOptions.RemoveEmptyEntries);
                bool hasAll = lines.Any(
                    line => line.EndsWith(new string('█', PeerRates.HistoryLength), StringComparison.Ordinal));
                Assert.True(headings.Length >= columnsBefore, $"{width}: {string.Join('|', headings)}");
                columnsBefore = headings.Length;
                bool saysSo = lines.Any(
                    line => line.EndsWith("more columns on a wider terminal", StringComparison.Ordinal));
                Assert.True(hasAll != saysSo, $"{width}: {string.Join('\n', lines)}");
            }

            Assert.Equal(10, columnsBefore);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    public void On_a_narrow_terminal_cells_that_are_cut_say_so(int width)
    {
        string[] lines = Draw(new PeerRates().Take(s_report), width, 24);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Single(lines, line => line.StartsWith(
            width == 20 ? "10.244.1…  daemon-d…" : "10.244.102.0/24  daemon-down", StringComparison.Ordinal));
    }

    [Fact]
    public void At_every_width_a_status_has_a_line_for_each_peer_and_no_line_is_longer()
    {
        for (int width = 80; width <= 200; width++)
        {
            string[] lines = [.. StatusText.Lines(s_report, width, Ink.None)];
            Assert.All(lines, line => Assert.True(line.Length <= width, $"{width}: {line}"));
            Assert.Single(lines, line => line.StartsWith("10.244.102.0/24  172.16.100.104", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_line_with_colours_is_cut_by_its_columns_and_ends_them()
    {
        StatusReport report = s_report with { Version = new string('1', 60), IsReady = false };
        string plain = StatusText.Lines(report, 76, Ink.None).First();
        Assert.Equal((76, true), (plain.Length, plain.EndsWith("not r…", StringComparison.Ordinal)));
        string coloured = StatusText.Lines(report, 76, new Ink(isOn: true)).First();
        Assert.EndsWith("\u001b[31mnot r…\u001b[0m", coloured, StringComparison.Ordinal);
        Assert.EndsWith(
            "\u001b[31mnot ready\u001b[0m,…\u001b[0m", StatusText.Lines(report, 81, new Ink(isOn: true)).First(),
            StringComparison.Ordinal);
        Assert.DoesNotContain('…', StatusText.Lines(report, 87, new Ink(isOn: true)).First());
    }

    [Fact]
    public void A_sample_as_JSON_is_one_line_with_the_rates_of_each_peer()
    {
        var rates = new PeerRates();
        _ = rates.Take(s_report);
        string line = TopReport.Of(rates.Take(s_report with
        {
            Now = s_now + TimeSpan.FromSeconds(2),
            Peers = [.. s_report.Peers.Select(peer => peer with { OutboundBytes = peer.OutboundBytes + 1000 })],
        })).ToJson();
        Assert.DoesNotContain('\n', line);
        using var parsed = JsonDocument.Parse(line);
        JsonElement peer = parsed.RootElement.GetProperty("peers")[0];
        Assert.Equal(4000, peer.GetProperty("outboundBitsPerSecond").GetDouble());
        Assert.Equal("10.244.102.0/24", peer.GetProperty("subnets")[0].GetString());
        Assert.Equal("peer-daemon-down", parsed.RootElement.GetProperty("warnings")[0].GetProperty("code").GetString());
    }

    [Fact]
    public void The_live_view_counts_the_peers_that_the_height_has_no_room_for()
    {
        PeerStatus[] peers =
        [
            .. Enumerable.Range(0, 50).Select(each => s_peer with { PublicIp = $"172.16.0.{each}" }),
        ];
        string[] lines = Draw(new PeerRates().Take(s_report with { Peers = peers }), 80, 24);
        Assert.True(lines.Length <= 24);
        Assert.Contains(lines, line => line.StartsWith("… and ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_picture_that_is_an_old_one_says_why()
    {
        string[] lines = Draw(new PeerRates().Take(s_report), 80, 24, "no answer, trying again");
        Assert.Contains(lines, line => line.StartsWith("10.244.102.0/24", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("no answer, trying again; q ends", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_of_bars_is_as_high_as_its_rates()
    {
        Assert.Equal("▁▅█", TopView.Sparkline([0, 5, 10], isUnicode: true));
        Assert.Equal("__", TopView.Sparkline([0, 0], isUnicode: false));
        Assert.Equal(["999 bit/s", "1.0 kbit/s", "123 Mbit/s"], new[] { 999, 1000, 123e6 }.Select(TopView.Bits));
        Assert.Equal(["999 B", "1.0 KiB", "115 GiB"], new[] { 999, 1024, 123_456_789_012d }.Select(StatusText.Bytes));
        Assert.Equal(
            ["0s", "99s", "1h", "26h", "3d"],
            new double[] { 0, 99, 6000, 26 * 3600, 80 * 3600 }
                .Select(each => StatusText.Long(TimeSpan.FromSeconds(each))));
    }

    private static string[] Draw(TopSample sample, int width, int height, string? notice = null)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = width;
        console.Write(TopView.Draw(sample, width, height, isUnicode: true, notice));
        return [.. text.ToString().Split('\n').Select(line => line.TrimEnd())];
    }
}
