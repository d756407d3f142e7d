using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;

namespace Overlay.Diagnosis.Trace;

/// <summary>The stops of one ping in the order of its way, made of what was seen. Pure.</summary>
/// <param name="Points">Every place that was looked at, in the order of a request's way.</param>
/// <param name="Stops">Request, reply, then errors.</param>
/// <param name="IsDelivered">Whether the sender has got its answer.</param>
internal sealed record Tour(IReadOnlyList<TracePoint> Points, IReadOnlyList<TraceStop> Stops, bool IsDelivered)
{
    /// <summary>Puts sightings in order.</summary>
    /// <param name="points">Every place that was looked at.</param>
    /// <param name="sightings">Of one echo, in any order; of a place that has seen a packet twice the first counts.
    /// </param>
    /// <param name="decoder">Knows the overlay's port.</param>
    /// <param name="isDelivered">Whether the sender has got its answer.</param>
    internal static Tour Of(
        IEnumerable<TracePoint> points, IEnumerable<Sighting> sightings, PacketDecoder decoder, bool isDelivered)
    {
        Sighting[] ordered =
        [
            .. sightings.GroupBy(seen => (seen.Point, seen.Way))
                .Select(same => same.MinBy(seen => seen.Nanoseconds)!)
                .OrderBy(seen => seen.Way)
                .ThenBy(Place)
                .ThenBy(seen => seen.Nanoseconds),
        ];
        List<TraceStop> stops = [];
        foreach (Sighting seen in ordered)
        {
            TraceStop? before = stops.Count > 0 ? stops[^1] : null;
            TraceStop? sameWay = before?.Seen.Way == seen.Way ? before : null;
            var stop = new TraceStop(
                stops.Count + 1, seen, seen.Decode(decoder),
                before is null ? 0 : seen.Nanoseconds - before.Seen.Nanoseconds);
            stops.Add(stop with { Notes = [.. NotesOf(stop, sameWay)] });
        }

        return new Tour([.. points.OrderBy(point => point.Position)], stops, isDelivered);
    }

    /// <summary>Those of one packet.</summary>
    internal IEnumerable<TraceStop> Of(TraceWay way) => Stops.Where(stop => stop.Seen.Way == way);

    /// <summary>The last stop of one packet; null where nobody has seen it.</summary>
    internal TraceStop? Last(TraceWay way) => Of(way).LastOrDefault();

    /// <summary>From the first stop of the request to the last of the reply; null where that is not the same place.
    /// </summary>
    internal long? RoundTripNanoseconds =>
        Of(TraceWay.Request).FirstOrDefault() is { } first && Last(TraceWay.Reply) is { } last
            && first.Seen.Point == last.Seen.Point
            ? last.Seen.Nanoseconds - first.Seen.Nanoseconds
            : null;

    /// <summary>Places that a packet has passed without being seen: it was seen before and behind.</summary>
    /// <remarks>Of two places of one kind, such as both devices of a fallback, a packet passes one.</remarks>
    internal IReadOnlyList<TracePoint> Unseen(TraceWay way)
    {
        int[] seen = [.. Of(way).Select(stop => stop.Seen.Point.Position)];
        return seen.Length == 0 ? [] :
        [
            .. Points.Where(point => !seen.Contains(point.Position) && seen.Min() < point.Position
                && point.Position < seen.Max()),
        ];
    }

    /// <summary>Where a packet should have been seen next.</summary>
    /// <returns>Null where it has come to the last place that is looked at.</returns>
    internal TracePoint? NextOf(TraceWay way)
    {
        bool isRequest = way == TraceWay.Request;
        int? last = Last(way)?.Seen.Point.Position
            ?? (isRequest ? -1 : Last(TraceWay.Request)?.Seen.Point.Position + 1);
        return isRequest
            ? Points.FirstOrDefault(point => point.Position > last)
            : Points.LastOrDefault(point => point.Position < last);
    }

    // A request passes the places in their order, a reply in reverse; where an error comes from nobody knows.
    private static int Place(Sighting seen) => seen.Way switch
    {
        TraceWay.Request => seen.Point.Position,
        TraceWay.Reply => -seen.Point.Position,
        _ => 0,
    };

    private static IEnumerable<string> NotesOf(TraceStop stop, TraceStop? before)
    {
        if (stop.Seen.Drop is { } reason)
        {
            yield return $"dropped: {reason}";
        }

        if (stop.Seen.Way == TraceWay.Error)
        {
            yield return PacketLines.Of(stop.Headers);
        }
        else if (before is not null && stop.Headers.Network == NetworkKind.Ipv4
            && before.Headers.Network == NetworkKind.Ipv4)
        {
            if (stop.Headers.Ipv4.Source != before.Headers.Ipv4.Source)
            {
                yield return $"its source is {stop.Headers.Ipv4.Source} now: a rule translates it (MASQUERADE or SNAT)";
            }

            if (stop.Headers.Ipv4.Destination != before.Headers.Ipv4.Destination)
            {
                yield return $"its destination is {stop.Headers.Ipv4.Destination} now: a rule translates it";
            }
        }
    }
}
