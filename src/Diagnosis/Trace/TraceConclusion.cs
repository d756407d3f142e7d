using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Overlay.Capture.Text;
using Overlay.Net;

namespace Overlay.Diagnosis.Trace;

/// <summary>What the stops of a ping mean.</summary>
/// <param name="IsAnswered">Whether the sender has got its answer.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Commands">Lines to type that tell more; none when it is answered.</param>
internal sealed record TraceConclusion(bool IsAnswered, string Meaning, IReadOnlyList<string> Commands)
{
    /// <summary>Draws it.</summary>
    /// <param name="tour">The stops.</param>
    /// <param name="from">The ping's source; null where it was not seen.</param>
    /// <param name="to">Whom it was for.</param>
    /// <param name="refusal">Why the kernel has not sent it; null when it has.</param>
    internal static TraceConclusion Of(Tour tour, Ipv4Address? from, Ipv4Address to, string? refusal)
    {
        string explain = $"overlay ping {to} --explain";
        string rules = $"overlay doctor --trace {to}";
        if (tour.IsDelivered)
        {
            string time = tour.RoundTripNanoseconds is { } nanoseconds
                ? string.Create(CultureInfo.InvariantCulture, $" after {nanoseconds / 1000.0:0.0} µs")
                : "";
            return new TraceConclusion(true, $"answered{time}, {tour.Stops.Count} stops seen", []);
        }

        if (refusal is not null)
        {
            return new TraceConclusion(
                false, $"this host does not send it: {refusal}", [$"ip route get {to}", explain]);
        }

        if (tour.Stops.FirstOrDefault(stop => stop.Seen.Drop is not null) is { } dropped)
        {
            return new TraceConclusion(
                false,
                $"the daemon of {dropped.Seen.Point.Host} drops the {Word(dropped.Seen.Way)}: {dropped.Seen.Drop}",
                [explain, $"{On(dropped.Seen.Point)}overlay dump --drops"]);
        }

        if (tour.Of(TraceWay.Error).FirstOrDefault() is { } error)
        {
            return new TraceConclusion(
                false, $"an ICMP error says why: {PacketLines.Of(error.Headers)}; first seen at {error.Seen.Point}",
                [explain, rules]);
        }

        bool hasReply = tour.Last(TraceWay.Reply) is not null;
        TraceStop? last = hasReply ? tour.Last(TraceWay.Reply) : tour.Last(TraceWay.Request);
        TracePoint? next = hasReply ? tour.NextOf(TraceWay.Reply) : tour.NextOf(TraceWay.Request);
        return last is null
            ? new TraceConclusion(false, $"the request was sent, and not seen even at {next}", [explain, rules])
            : OfLoss(tour, last, next, from, to, explain);
    }

    private static TraceConclusion OfLoss(
        Tour tour, TraceStop last, TracePoint? next, Ipv4Address? from, Ipv4Address to, string explain)
    {
        string packet = Word(last.Seen.Way);
        if (next is not null)
        {
            return new TraceConclusion(
                false, $"the {packet} was last seen at {last.Seen.Point}; it does not come to {next}",
                [explain, $"{On(next)}overlay doctor --trace {(next.IsOwnHost ? to : from ?? to)}"]);
        }

        if (last.Seen.Way == TraceWay.Reply)
        {
            return new TraceConclusion(
                false, $"the reply has come to {last.Seen.Point}, and its kernel does not deliver it",
                [$"{On(last.Seen.Point)}in the pod: nft list ruleset; iptables -S INPUT"]);
        }

        if (last.Seen.Point.IsOwnHost)
        {
            return new TraceConclusion(
                false, $"the request has left by {last.Seen.Point}, and nothing comes back",
                [explain, $"on the other host: overlay trace {from?.ToString() ?? "IP"} --from {to}"]);
        }

        TracePoint? reply = tour.NextOf(TraceWay.Reply);
        return new TraceConclusion(
            false, $"the request has come to {last.Seen.Point}, and no reply is seen there",
            [
                explain,
                reply is { Kind: StopKind.Pod }
                    ? $"{On(reply)}in the pod: ip address; ip route; nft list ruleset"
                    : $"{On(last.Seen.Point)}overlay doctor",
            ]);
    }

    private static string On(TracePoint point) => point.IsOwnHost ? "" : $"on {point.Host}: ";

    private static string Word(TraceWay way) => TraceText.Word(way);
}
