using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>A trace for people: at most 100 columns, every line masked.</summary>
/// <param name="isUnicode">Whether arrows and the sign for micro are; otherwise their nearest in ASCII.</param>
internal sealed class TraceText(bool isUnicode)
{
    /// <summary>What this host is called where nobody tells its address.</summary>
    internal const string OwnHost = "this host";

    private const int Width = 100;
    private const int Indent = 5;
    private const string NoAddresses = "-";

    /// <summary>A kind's name.</summary>
    internal static string Word(StopKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>A packet's name.</summary>
    internal static string Word(TraceWay way) => way.ToString().ToLowerInvariant();

    /// <summary>Both hardware addresses; empty where the link has none.</summary>
    internal static string Addresses(in LinkHeader link) =>
        link.IsEthernet ? $"{link.Source} > {link.Destination}" : "";

    /// <summary>What carries the packet, in one line; null where nothing does.</summary>
    internal static string? Carrier(TraceStop stop)
    {
        if (stop is { Seen: { Point.Kind: StopKind.Daemon, Peer: { } peer } seen })
        {
            return $"{(seen.IsOutgoing ? "to" : "from")} {peer}";
        }

        DecodedPacket packet = stop.Packet;
        if (!packet.HasInner || packet.Outer.Network != NetworkKind.Ipv4)
        {
            return null;
        }

        Ipv4Header ip = packet.Outer.Ipv4;
        string vni = packet.Encapsulation == Encapsulation.Vxlan ? $", VXLAN vni {packet.Vxlan.Vni}" : "";
        return $"in {ip.Source}.{packet.Outer.SourcePort} > {ip.Destination}.{packet.Outer.DestinationPort}: UDP{vni}, "
            + $"ttl {ip.TimeToLive}{(ip.DontFragment ? ", DF" : "")}";
    }

    /// <summary>What the bytes of the ping on the wire are spent on; null where it was not seen there.</summary>
    internal static string? Sizes(Tour tour)
    {
        if (tour.Of(TraceWay.Request).FirstOrDefault(stop => stop.Seen.Point.Kind == StopKind.Underlay) is not { } wire)
        {
            return null;
        }

        string line = PacketSizes.Line(wire.Packet);
        return wire.Packet.Encapsulation switch
        {
            Encapsulation.Udp => $"{line}   (VXLAN: 50 B)",
            Encapsulation.Vxlan => $"{line}   (udp: 28 B)",
            _ => line,
        };
    }

    /// <summary>The time to live of the ping itself; null where it has none.</summary>
    internal static byte? TimeToLive(TraceStop stop) =>
        stop.Headers.Network == NetworkKind.Ipv4 ? stop.Headers.Ipv4.TimeToLive : null;

    /// <summary>All of it.</summary>
    internal IEnumerable<string> Lines(TraceReport report) =>
        Whole(report).SelectMany(Fold).Select(line => TerminalText.Mask(isUnicode ? line : ToAscii(line)));

    private static IEnumerable<string> Whole(TraceReport report)
    {
        yield return $"one ping to {report.To} from {report.Source}"
            + (report.OtherHost is { } other ? $": {report.Host} → {other}" : "");
        Tour tour = report.Tour;
        int device = Math.Max("device".Length, tour.Stops.Select(stop => stop.Seen.Point.Device.Length).Max(0));
        foreach (TraceWay way in Enum.GetValues<TraceWay>())
        {
            TracePoint? before = null;
            foreach (TraceStop stop in tour.Of(way))
            {
                if (before is null)
                {
                    string gap = new(' ', device - "device".Length);
                    yield return "";
                    yield return $"{(way == TraceWay.Request ? "→" : "←")}  # {Word(way),-8}  device{gap}  "
                        + $"{"from and to MAC",-37}  {"length",6}  ttl  {"µs",10}";
                }

                TracePoint point = stop.Seen.Point;
                if (before?.Host != point.Host)
                {
                    yield return $"   {point.Host}{(point.IsOwnHost && point.Host != OwnHost ? ", this host" : "")}";
                }

                before = point;
                foreach (string line in LinesOf(stop, device))
                {
                    yield return line;
                }
            }

            if (tour.Unseen(way) is { Count: > 0 } unseen)
            {
                yield return $"     passed unseen: {string.Join(", ", unseen)}";
            }
        }

        yield return "";
        TraceConclusion end = report.Conclusion;
        yield return $"{(end.IsAnswered ? "✓" : "✗")} {end.Meaning}";
        foreach (string command in end.Commands)
        {
            yield return $"  tells more: {command}";
        }

        if (Sizes(tour) is { } sizes)
        {
            yield return $"  {sizes}";
        }

        foreach (string note in report.Notes)
        {
            yield return $"i {note}";
        }
    }

    private static IEnumerable<string> LinesOf(TraceStop stop, int device)
    {
        TracePoint point = stop.Seen.Point;
        string addresses = Addresses(stop.Packet.Link);
        string? carrier = Carrier(stop);
        bool isBeside = point.Kind == StopKind.Daemon && carrier is not null; // it has no addresses of its own
        string between = isBeside ? carrier! : addresses.Length > 0 ? addresses : NoAddresses;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"  {stop.Number,2} {Word(point.Kind),-8}  {point.Device.PadRight(device)}  "
                + $"{between,-37}  {stop.Seen.WireLength,6}  "
                + $"{TimeToLive(stop),3}  {(stop.Number == 1 ? "" : $"{stop.Microseconds:+0.0;-0.0}"),10}");
        if (carrier is not null && !isBeside)
        {
            yield return $"     {carrier}";
        }

        foreach (string note in stop.Notes)
        {
            yield return $"     ! {note}";
        }
    }

    private static IEnumerable<string> Fold(string line)
    {
        if (line.Length <= Width)
        {
            yield return line.TrimEnd();
            yield break;
        }

        var part = new StringBuilder();
        foreach (string word in line.Split(' '))
        {
            if (part.Length > Indent && part.Length + 1 + word.Length > Width)
            {
                yield return part.ToString();
                part.Clear().Append(' ', Indent - 1);
            }

            part.Append(part.Length > 0 ? " " : "").Append(word);
        }

        yield return part.ToString();
    }

    private static string ToAscii(string line) => line.Replace('→', '>').Replace('←', '<').Replace("µs", "us")
        .Replace('✓', '+').Replace('✗', 'x').Replace('…', '.');
}

/// <summary>What Enumerable lacks.</summary>
file static class Sequences
{
    internal static int Max(this IEnumerable<int> numbers, int otherwise) => numbers.Append(otherwise).Max();
}
