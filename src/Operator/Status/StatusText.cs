using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Control;
using Overlay.Terminal;

namespace Overlay.Operator.Status;

/// <summary>A daemon's state for people.</summary>
internal static class StatusText
{
    private static readonly string[] s_headings =
        ["SUBNET", "PUBLIC IP", "STATE", "WAY", "LAST HEARD", "OUT", "IN", "PATH MTU", ""];

    // What 80 columns have room for.
    private static readonly string[] s_fewHeadings = ["SUBNET", "PUBLIC IP", "STATE", "HEARD", "OUT", "IN", "MTU", ""];

    /// <summary>The host in a few lines, a line for each peer, and what is wrong.</summary>
    /// <param name="report">From the daemon.</param>
    /// <param name="width">Columns there are.</param>
    /// <param name="ink">Colours the words that matter.</param>
    internal static IEnumerable<string> Lines(StatusReport report, int width, Ink ink)
    {
        foreach (string line in Head(report, ink))
        {
            yield return Cut(line, width);
        }

        yield return "";
        if (report.Peers.Count == 0)
        {
            yield return "no peers";
        }
        else
        {
            string[][] rows = [.. report.Peers.Select(peer => Row(peer, report.Now))];
            string[] lines = [.. TextTable.Lines(s_headings, rows, width)];
            bool isWhole = lines.Length == rows.Length + 1;
            foreach (string line in isWhole
                ? lines
                : TextTable.Lines(s_fewHeadings, [.. report.Peers.Select(peer => ShortRow(peer, report.Now))], width))
            {
                yield return line;
            }

            if (!isWhole)
            {
                yield return Cut("(packets and ways: on a wider terminal, or with --json)", width);
            }
        }

        yield return "";
        if (report.Warnings.Count == 0)
        {
            yield return ink.Good("no health warnings");
        }

        foreach (WarningReport warning in report.Warnings)
        {
            string subject = warning.Subject.Length == 0 ? "" : $" {warning.Subject}";
            string title = $"{warning.Severity} {warning.Code}{subject}: {warning.Cause}";
            bool isFirst = true;
            foreach (string line in Wrap("", title, "    ", width))
            {
                yield return !isFirst ? line : warning.Severity switch
                {
                    "error" => ink.Bad(line),
                    "warning" => ink.Doubtful(line),
                    _ => line,
                };
                isFirst = false;
            }

            foreach (string line in Wrap("    breaks: ", warning.Breaks, "      ", width)
                .Concat(Wrap("    fix:    ", warning.Remedy, "      ", width)))
            {
                yield return line;
            }
        }
    }

    /// <summary>What becomes of packets for an address.</summary>
    internal static IEnumerable<string> Lines(RouteReport route)
    {
        yield return route.Verdict switch
        {
            "peer" => $"{route.Address} goes to {route.PublicIp}",
            "local" => $"{route.Address} is on this host",
            "outside" => $"{route.Address} is not the overlay's",
            "left-out" => $"{route.Address} is not reached",
            _ => $"{route.Address} is nobody's",
        };
        (string Name, string? Value)[] facts =
        [
            ("lease", route.Subnet is null ? null : $"{route.Subnet} of {route.PublicIp}"),
            ("backend", route.Backend),
            ("way", route.Way is null ? null : $"{route.Way}, by {route.Interface}"),
            ("mtu", route.Mtu?.ToString(CultureInfo.InvariantCulture)),
            ("how", route.Verdict == "peer" ? route.Description : null),
            ("why", route.Why),
        ];
        foreach ((string name, string? value) in facts.Where(fact => fact.Value is not null))
        {
            yield return TerminalText.Mask($"  {name,-8} {value}");
        }
    }

    /// <summary>A number of bytes in three digits or so: <c>1.2 GiB</c>.</summary>
    internal static string Bytes(double count)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        int unit = 0;
        while (count >= 1000 && unit < units.Length - 1)
        {
            count /= 1024;
            unit++;
        }

        string format = unit == 0 || count >= 100 ? "0" : "0.0";
        return $"{count.ToString(format, CultureInfo.InvariantCulture)} {units[unit]}";
    }

    /// <summary>How long something takes or is ago: <c>12s</c>, <c>4m</c>, <c>3h</c>, <c>2d</c>.</summary>
    internal static string Long(TimeSpan time) => time switch
    {
        { TotalSeconds: < 100 } => $"{(int)time.TotalSeconds}s",
        { TotalMinutes: < 100 } => $"{(int)time.TotalMinutes}m",
        { TotalHours: < 48 } => $"{(int)time.TotalHours}h",
        _ => $"{(int)time.TotalDays}d",
    };

    private static IEnumerable<string> Head(StatusReport report, Ink ink)
    {
        string ready = report.IsReady ? ink.Good("ready") : ink.Bad("not ready");
        yield return $"overlay {report.Version}, {ready}, up {Long(report.Now - report.Started)}";
        yield return TerminalText.Mask(
            $"lease   {report.Lease.Subnet} of {report.Lease.Network}, public IP {report.Lease.PublicIp}, "
                + (report.Lease.Expires is { } end ? $"ends {end.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "no end"));
        yield return TerminalText.Mask($"store   {report.Lease.Store}");
        yield return TerminalText.Mask(
            $"link    {report.Interface}, MTU {report.Mtu}, {report.Backend}, {report.Endpoint}");
        yield return TerminalText.Mask($"how     {report.Description}");
        long drops = report.Drops.Values.Sum();
        string most = report.Drops.Count == 0 ? "" : $", mostly {report.Drops.MaxBy(drop => drop.Value).Key}";
        yield return string.Create(CultureInfo.InvariantCulture, $"drops   {drops}{most}");
    }

    private static string[] Row(PeerStatus peer, DateTimeOffset now) =>
    [
        string.Join(',', peer.Subnets), peer.PublicIp, peer.State, peer.Way,
        peer.LastHeard is { } heard ? $"{Long(now - heard)} ago" : peer.InboundPackets is null ? "-" : "never",
        Traffic(peer.OutboundPackets, peer.OutboundBytes), Traffic(peer.InboundPackets, peer.InboundBytes),
        peer.PathMtu?.ToString(CultureInfo.InvariantCulture) ?? "-",
        "",
    ];

    private static string[] ShortRow(PeerStatus peer, DateTimeOffset now) =>
    [
        string.Join(',', peer.Subnets), peer.PublicIp, peer.State,
        peer.LastHeard is { } heard ? Long(now - heard) : peer.InboundPackets is null ? "-" : "never",
        peer.OutboundBytes is { } sent ? Bytes(sent) : "-", peer.InboundBytes is { } received ? Bytes(received) : "-",
        peer.PathMtu?.ToString(CultureInfo.InvariantCulture) ?? "-",
        "",
    ];

    private static string Traffic(long? packets, long? bytes) => packets is null
        ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{packets} pkts {Bytes(bytes ?? 0)}");

    // A line that is cut says so by its last letter. Colours take no column, and the last one ends with the line.
    private static string Cut(string line, int width)
    {
        if (width == TextTable.Unlimited)
        {
            return line;
        }

        int columns = 0;
        int end = 0; // of what there is room for beside the sign
        bool isColour = false;
        for (int i = 0; i < line.Length; i++)
        {
            isColour |= line[i] == '\u001b';
            columns += isColour ? 0 : 1;
            isColour &= line[i] != 'm';
            if (columns < width)
            {
                end = i + 1;
            }
        }

        return columns <= width ? line
            : $"{line[..end]}…{(line.AsSpan(0, end).Contains('\u001b') ? Ink.End : string.Empty)}";
    }

    // Between words; a word that is longer than the width stays whole.
    private static List<string> Wrap(string lead, string text, string indent, int width)
    {
        List<string> lines = [];
        string line = lead;
        bool isEmpty = true;
        foreach (string word in TerminalText.Mask(text).Split(' '))
        {
            if (!isEmpty && width != TextTable.Unlimited && line.Length + 1 + word.Length > width)
            {
                lines.Add(line);
                (line, isEmpty) = (indent, true);
            }

            line = isEmpty ? line + word : $"{line} {word}";
            isEmpty = false;
        }

        lines.Add(line);
        return lines;
    }
}
