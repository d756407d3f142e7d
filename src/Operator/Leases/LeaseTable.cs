using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lease;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary>Leases in words.</summary>
internal static class LeaseTable
{
    private const string Unknown = "-";

    private static readonly string[] s_headings = ["SUBNET", "PUBLIC IP", "BACKEND", "EXPIRES", "NOTE"];

    /// <summary>One row for each entry, in their order.</summary>
    internal static IEnumerable<string> Lines(IReadOnlyList<LeaseEntry> entries, DateTimeOffset now, int width) =>
        TextTable.Lines(
        s_headings,
        [
            .. entries.Select(entry => (string[])
            [
                NameOf(entry),
                entry.Attributes is { } attributes ? attributes.PublicIp.ToString() : Unknown,
                entry.Attributes is null ? Unknown
                    : entry.Attributes.Backend.Type is { Length: > 0 } type ? type
                    : "udp",
                End(entry.Expires, now),
                entry.Fault ?? "",
            ]),
        ],
        width);

    /// <summary>What stands in the first column.</summary>
    internal static string NameOf(LeaseEntry entry) =>
        TerminalText.Mask(entry.Key is { } key ? SubnetOf(key) : entry.Name);

    /// <summary>
    /// When something ends, seen from now: <c>in 23 h 12 min</c>, <c>never (reserved)</c>, <c>expired 5 min ago</c>.
    /// </summary>
    internal static string End(DateTimeOffset? expires, DateTimeOffset now) =>
        expires is not { } end ? "unknown"
        : end == DateTimeOffset.MaxValue ? "never (reserved)"
        : end > now ? $"in {Span(end - now)}"
        : $"expired {Span(now - end)} ago";

    /// <summary>When a lease ends, likewise; <c>when the store ends it</c> where only the store knows.</summary>
    internal static string End(SubnetLease lease, DateTimeOffset now) =>
        lease.IsEndedByStore ? "when the store ends it" : End(lease.Expires, now);

    private static string SubnetOf(SubnetKey key) =>
        key.Ipv6Subnet is { } ipv6 ? $"{key.Subnet} {ipv6}" : key.Subnet.ToString();

    private static string Span(TimeSpan span) =>
        span.TotalDays >= 2 ? $"{(int)span.TotalDays} d {span.Hours} h"
        : span.TotalHours >= 1 ? $"{(int)span.TotalHours} h {span.Minutes} min"
        : span.TotalMinutes >= 1 ? $"{(int)span.TotalMinutes} min"
        : $"{(int)span.TotalSeconds} s";
}
