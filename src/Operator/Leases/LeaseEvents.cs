using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary>
/// Turns a store's updates into what an operator wants to read: one event for each thing that happened. Pure state.
/// </summary>
internal sealed class LeaseEvents
{
    private Dictionary<Ipv4Prefix, SubnetLease>? _known;

    /// <summary>Takes in an update.</summary>
    /// <returns>What to tell, in order. After a gap only what is different is told.</returns>
    internal IReadOnlyList<LeaseEvent> Apply(LeaseUpdate update) => update switch
    {
        LeaseUpdate.Snapshot snapshot => ApplySnapshot(snapshot.Leases),
        LeaseUpdate.Changes changes => ApplyChanges(changes.Items),
        LeaseUpdate.Gap gap => [new LeaseEvent("gap") { Reason = gap.Reason }],
        _ => [], // about a lease of our own, of which a watcher has none
    };

    private List<LeaseEvent> ApplySnapshot(IReadOnlyList<SubnetLease> leases)
    {
        List<LeaseEvent> events = [new LeaseEvent("snapshot") { Leases = leases.Count }];
        Dictionary<Ipv4Prefix, SubnetLease>? before = _known;
        _known = new(leases.Count);
        foreach (SubnetLease lease in leases)
        {
            _known[lease.Subnet] = lease;
        }

        if (before is null)
        {
            foreach (SubnetLease lease in leases)
            {
                events.Add(new LeaseEvent("held") { Lease = lease });
            }

            return events;
        }

        foreach (SubnetLease gone in before.Values)
        {
            if (!_known.ContainsKey(gone.Subnet))
            {
                events.Add(new LeaseEvent("removed") { Lease = gone });
            }
        }

        foreach (SubnetLease lease in leases)
        {
            Compare(before.GetValueOrDefault(lease.Subnet), lease, isWritten: false, events);
        }

        return events;
    }

    private List<LeaseEvent> ApplyChanges(IReadOnlyList<LeaseChange> changes)
    {
        List<LeaseEvent> events = [];
        _known ??= [];
        foreach (LeaseChange change in changes)
        {
            if (change.Lease is { } lease)
            {
                Compare(_known.GetValueOrDefault(change.Subnet), lease, isWritten: true, events);
                _known[change.Subnet] = lease;
            }
            else if (_known.Remove(change.Subnet, out SubnetLease? gone))
            {
                events.Add(new LeaseEvent("removed") { Lease = gone });
            }
        }

        return events;
    }

    // Where the end is the store's business, a lease that is written again and says the same has been renewed.
    private static void Compare(SubnetLease? before, SubnetLease after, bool isWritten, List<LeaseEvent> events)
    {
        string? name =
            before is null ? "added"
            : before.Attributes != after.Attributes ? "changed"
            : after.IsReservation ? (before.IsReservation ? null : "reserved")
            : before.IsReservation || before.Expires != after.Expires || (isWritten && after.IsEndedByStore) ? "renewed"
            : null;
        if (name is not null)
        {
            events.Add(new LeaseEvent(name) { Lease = after });
        }
    }
}

/// <summary>One thing that happened.</summary>
/// <param name="Name">
/// snapshot: the store was read as a whole; held, added, changed, renewed, reserved, removed: of one lease; gap: the
/// store cannot be read; warning: an entry was passed over.
/// </param>
internal sealed record LeaseEvent(string Name)
{
    /// <summary>As it is now, or as it last was; null for what is not about one lease.</summary>
    internal SubnetLease? Lease { get; init; }

    /// <summary>Of a snapshot: how many.</summary>
    internal int? Leases { get; init; }

    /// <summary>Of a gap or a warning: why, in one line.</summary>
    internal string? Reason { get; init; }

    internal static LeaseEvent OfWarning(string warning) => new("warning") { Reason = warning };

    /// <summary>One line of text.</summary>
    internal string ToLine(DateTimeOffset now)
    {
        string? what = Lease is not null
            ? $"{Lease.Subnet,-18}  "
            + $"{Lease.PublicIp,-15}{(Name == "removed" ? "" : $"  {LeaseTable.End(Lease, now)}")}"
            : Leases is { } count ? $"{count} {(count == 1 ? "lease" : "leases")}" : Reason;
        return TerminalText.Mask($"{LeaseReport.Time(now)}  {Name,-8}  {what}".TrimEnd());
    }

    /// <summary>One JSON object in one line.</summary>
    internal string ToJson(DateTimeOffset now) => JsonSerializer.Serialize(
        new LeaseEventReport(LeaseListReport.CurrentSchema, LeaseReport.Time(now), Name)
        {
            Lease = Lease is null ? null : LeaseReport.Of(Lease),
            Leases = Leases,
            Reason = Reason,
        },
        LeaseJson.Readable.LeaseEventReport);
}

/// <summary>One line of <c>overlay lease watch --json</c>.</summary>
/// <param name="Schema">1; as the list's.</param>
/// <param name="Time">RFC 3339, UTC: when the line was written.</param>
/// <param name="Event">See <see cref="LeaseEvent"/>.</param>
internal sealed record LeaseEventReport(int Schema, string Time, string Event)
{
    /// <summary>As in the list.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LeaseReport? Lease { get; init; }

    /// <summary>How many there are, of a snapshot.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Leases { get; init; }

    /// <summary>Of a gap or a warning.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}
