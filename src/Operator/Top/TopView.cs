using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Control;
using Overlay.Operator.Status;
using Overlay.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Overlay.Operator.Top;

/// <summary>What <c>overlay top</c> draws.</summary>
/// <remarks>
/// Which columns there are follows from the width and from what is in them, before anything is laid out: a table that
/// is too wide would break its cells, an address too. What does not fit is left out, and the last line says so. Columns
/// whose cells grow and shrink with the traffic have room for the longest, so that no look changes the layout.
/// </remarks>
internal static class TopView
{
    private const string Gap = "  ";

    private static readonly Column s_subnet = new("SUBNET", 0, (rate, _) => rate.Peer.Subnets.Count > 1
        ? $"{rate.Peer.Subnets[0]} +{rate.Peer.Subnets.Count - 1}"
        : rate.Peer.Subnets[0]);

    private static readonly Column s_publicIp = new("PUBLIC IP", 0, (rate, _) => rate.Peer.PublicIp);
    private static readonly Column s_state = new("STATE", 0, (rate, _) => rate.Peer.State);
    private static readonly Column s_way = new("WAY", 6, (rate, _) => rate.Peer.Way);

    private static readonly Column s_heard = new(
        "HEARD", 0, (rate, look) => rate.Peer.LastHeard is { } last ? StatusText.Long(look.Now - last) : "-");

    private static readonly Column s_out = new("OUT", BitsColumns, (rate, _) => BitsOf(rate.OutboundBits));
    private static readonly Column s_in = new("IN", BitsColumns, (rate, _) => BitsOf(rate.InboundBits));
    private static readonly Column s_outPackets = new("OUT PKT/S", 0, (rate, _) => Count(rate.OutboundPackets));
    private static readonly Column s_inPackets = new("IN PKT/S", 9, (rate, _) => Count(rate.InboundPackets));

    private static readonly Column s_lately = new(
        "LATELY", PeerRates.HistoryLength, (rate, look) => Sparkline(rate.History, look.IsUnicode));

    private static readonly Column s_lastOnes = new(
        "LATELY", FewLooks,
        (rate, look) => Sparkline([.. rate.History.TakeLast(FewLooks)], look.IsUnicode));

    // The first that fits; the last one always does, as its cells are cut.
    private static readonly Column[][] s_layouts =
    [
        [s_subnet, s_publicIp, s_state, s_way, s_heard, s_out, s_in, s_outPackets, s_inPackets, s_lately],
        [s_subnet, s_publicIp, s_state, s_way, s_heard, s_out, s_in, s_outPackets, s_inPackets, s_lastOnes],
        [s_subnet, s_publicIp, s_state, s_way, s_heard, s_out, s_in, s_lastOnes],
        [s_subnet, s_publicIp, s_state, s_heard, s_out, s_in, s_lastOnes],
        [s_subnet, s_state, s_heard, s_out, s_in, s_lastOnes],
        [s_subnet, s_state, s_out, s_in],
        [s_subnet, s_state],
    ];

    // Of the longest rate: 99.9 Mbit/s.
    private const int BitsColumns = 11;

    private const int FewLooks = PeerRates.HistoryLength / 3;

    private static readonly string[] s_bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    private static readonly string[] s_plainBars = ["_", ".", ":", "-", "=", "+", "*", "#"];

    /// <summary>The picture.</summary>
    /// <param name="sample">What to draw.</param>
    /// <param name="width">Columns there are, 20 or more.</param>
    /// <param name="height">Rows there are; peers and warnings beyond them are counted instead.</param>
    /// <param name="isUnicode">Whether bars may be drawn as blocks.</param>
    /// <param name="notice">Why the picture is an old one, for the last line; null when it is none.</param>
    internal static IRenderable Draw(
        TopSample sample, int width, int height, bool isUnicode, string? notice = null)
    {
        StatusReport status = sample.Status;
        List<IRenderable> rows =
        [
            Line(
                $"overlay {status.Lease.Subnet} {(status.IsReady ? "ready" : "NOT READY")}, {status.Interface}, "
                    + $"{status.Backend}, {status.Peers.Count} peers", width, status.IsReady ? Color.Green : Color.Red),
            Line(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"processors {sample.Processors:0.00}, out {SumOf(sample, peer => peer.OutboundBits)}, "
                        + $"in {SumOf(sample, peer => peer.InboundBits)}, drops {DropsOf(sample)}"),
                width),
            new Text(string.Empty),
        ];
        int forWarnings = Math.Min(status.Warnings.Count, Math.Max(1, height / 4));
        int shown = Math.Min(sample.Peers.Count, Math.Max(1, height - forWarnings - 9));
        var look = new Look(status.Now, isUnicode);
        string[][] cells = [.. sample.Peers.Take(shown).Select(_ => Array.Empty<string>())];
        Column[] columns = [];
        int[] widths = [];
        foreach (Column[] layout in s_layouts)
        {
            columns = layout;
            cells = [.. sample.Peers.Take(shown).Select(
                rate => layout.Select(column => TerminalText.Mask(column.Cell(rate, look))).ToArray())];
            widths =
            [
                .. layout.Select((column, at) =>
                    cells.Select(row => row[at].Length).Append(column.Heading.Length).Append(column.Least).Max()),
            ];
            if (widths.Sum() + (Gap.Length * (widths.Length - 1)) <= width)
            {
                break;
            }
        }

        int most = (width - (Gap.Length * (columns.Length - 1))) / columns.Length;
        bool isCut = columns == s_layouts[^1] && widths.Any(each => each > most);
        rows.Add(isCut
            ? Table(columns, [.. cells.Select(row => row.Select(cell => Cut(cell, most)).ToArray())], null)
            : Table(columns, cells, widths));
        if (shown < sample.Peers.Count)
        {
            rows.Add(Line($"… and {sample.Peers.Count - shown} more peers (overlay status has all)", width));
        }

        rows.Add(new Text(string.Empty));
        foreach (WarningReport warning in status.Warnings.Take(forWarnings))
        {
            string subject = warning.Subject.Length == 0 ? string.Empty : $" {warning.Subject}";
            rows.Add(Line(
                $"{warning.Severity} {warning.Code}{subject}: {warning.Cause}", width,
                warning.Severity == "error" ? Color.Red : Color.Yellow));
        }

        string more = status.Warnings.Count > forWarnings
            ? $"{status.Warnings.Count - forWarnings} more warnings (overlay status); "
            : status.Warnings.Count == 0 ? "no health warnings; " : string.Empty;
        string narrow = columns == s_layouts[0] ? string.Empty : "; more columns on a wider terminal";
        rows.Add(notice is null
            ? Line($"{more}q ends{narrow}", width)
            : Line($"{notice}; {more}q ends{narrow}", width, Color.Red));
        return new Rows(rows);
    }

    /// <summary>One line of blocks, as high as each rate is beside the greatest.</summary>
    internal static string Sparkline(IReadOnlyList<double> rates, bool isUnicode)
    {
        string[] bars = isUnicode ? s_bars : s_plainBars;
        double most = rates.DefaultIfEmpty().Max();
        return string.Concat(rates.Select(rate =>
            most <= 0 ? bars[0] : bars[(int)Math.Round(rate / most * (bars.Length - 1))]));
    }

    /// <summary>Bits a second: <c>1.2 Gbit/s</c>.</summary>
    internal static string Bits(double rate)
    {
        string[] units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
        int unit = 0;
        while (rate >= 1000 && unit < units.Length - 1)
        {
            rate /= 1000;
            unit++;
        }

        return $"{rate.ToString(rate >= 100 || unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}";
    }

    private static Table Table(Column[] columns, string[][] cells, int[]? widths)
    {
        Table table = new Table().NoBorder().HideFooters();
        for (int at = 0; at < columns.Length; at++)
        {
            table.AddColumn(new TableColumn(columns[at].Heading)
            {
                Width = widths?[at],
                NoWrap = true,
                Padding = new Padding(0, 0, at == columns.Length - 1 ? 0 : Gap.Length, 0),
            });
        }

        foreach (string[] row in cells)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        return table;
    }

    private static string SumOf(TopSample sample, Func<PeerRate, double?> rate) =>
        Bits(sample.Peers.Sum(peer => rate(peer) ?? 0));

    private static string BitsOf(double? rate) => rate is { } known ? Bits(known) : "-";

    private static string Count(double? rate) => rate?.ToString("0", CultureInfo.InvariantCulture) ?? "-";

    private static string DropsOf(TopSample sample) => sample.Drops is [{ } most, ..]
        ? string.Create(
            CultureInfo.InvariantCulture, $"{sample.Drops.Sum(drop => drop.Value):0.#}/s, mostly {most.Key}")
        : "none";

    private static Text Line(string text, int width, Color? colour = null)
    {
        string cut = Cut(TerminalText.Mask(text), width);
        return colour is { } given ? new Text(cut, new Style(given)) : new Text(cut);
    }

    private static string Cut(string text, int width) => text.Length <= width ? text : $"{text[..(width - 1)]}…";

    /// <summary>A column of the table.</summary>
    /// <param name="Heading">Its first line.</param>
    /// <param name="Least">Columns of the terminal that it has room in, or more where a cell needs more.</param>
    /// <param name="Cell">Makes a peer's cell.</param>
    private sealed record Column(string Heading, int Least, Func<PeerRate, Look, string> Cell);

    /// <summary>What cells need to know beside the peer.</summary>
    private sealed record Look(DateTimeOffset Now, bool IsUnicode);
}
