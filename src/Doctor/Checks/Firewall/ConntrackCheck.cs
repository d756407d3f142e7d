using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;
using Overlay.Terminal;

namespace Overlay.Doctor.Checks.Firewall;

/// <summary>
/// W14: whether the kernel translates addresses or ports of the overlay's datagrams, by entries that may outlive the
/// rule that made them.
/// </summary>
internal sealed class ConntrackCheck : ICheck
{
    private const string Table = "proc/net/nf_conntrack";

    // Longer tables take too long to read.
    private const int MostEntries = 50_000;

    private static readonly Row s_row = new(
        "W14", "conntrack-translates", HealthSeverity.Warning,
        "datagrams of a peer are translated on their way, by a rule or what an earlier one has left",
        "conntrack(8)");

    private static readonly string[] s_fields = ["src", "dst", "sport", "dport"];

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host)
    {
        if (host.Overlay.Port is not { } port)
        {
            return [];
        }

        string number = port.ToString(CultureInfo.InvariantCulture);
        return List(host, number).Select(line => Translated(line, number))
            .OfType<(string Peer, string Why)>()
            .GroupBy(each => each.Peer)
            .Select(ofPeer => new Finding(
                s_row, ofPeer.Key, ofPeer.First().Why,
                $"find the rule (iptables-save -t nat; nft list ruleset), then: conntrack -D -p udp --dport {number}"));
    }

    private static IEnumerable<string> List(HostFacts host, string port)
    {
        if (!int.TryParse(host.Files.ReadWord("proc/sys/net/netfilter/nf_conntrack_count"), out int count)
            || count == 0)
        {
            return [];
        }

        if (count > MostEntries)
        {
            host.Notes.Add($"conntrack's entries, of which there are {count}");
            return [];
        }

        string? text = host.Files.Exists(Table)
            ? host.Files.Read(Table)
            : HostProgram.Find("conntrack")?.Run("", "-L", "-p", "udp", "--dport", port).Output;
        return (text ?? "").Split('\n').Where(line => line.Contains("udp ", StringComparison.Ordinal)
            && line.Contains($"dport={port} ", StringComparison.Ordinal));
    }

    // An entry has the packets' addresses and ports, then those of the answers: the same the other way about.
    private static (string Peer, string Why)? Translated(string line, string port)
    {
        string[] pairs = [.. line.Split(' ').Where(word => s_fields.Any(
            field => word.StartsWith($"{field}=", StringComparison.Ordinal)))];
        if (pairs.Length != 2 * s_fields.Length)
        {
            return null;
        }

        string[] values = [.. pairs.Select(pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..])];
        (string source, string destination, string from, string to) = (values[0], values[1], values[2], values[3]);
        bool isMirrored = values[4] == destination && values[5] == source && values[6] == to && values[7] == from;
        return to != port || isMirrored
            ? null
            : (source, $"{source}:{from} → {destination}:{to} is answered as {values[4]}:{values[6]} → {values[5]}:"
                + values[7]);
    }
}
