using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Trace;

/// <summary>
/// One trace: sockets on every stop, one ping or two that nobody is shown, by which neighbours become known and the
/// other host is found, and then the ping.
/// </summary>
/// <param name="plan">What is known before anything is sent.</param>
/// <param name="machine">The namespaces of this machine.</param>
internal sealed class TraceRun(TracePlan plan, MachineView machine)
{
    private const int MostHosts = 8;

    // What passes a daemon is told by it within some 25 ms, on a busy machine later; an interface has it at once.
    private static readonly TimeSpan s_rehearsal = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);

    private readonly TracePing _ping = TracePing.Create();
    private readonly PacketDecoder _decoder = new(plan.Port, plan.VxlanPort);
    private readonly List<Sighting> _seen = [];
    private readonly List<string> _notes = [.. plan.Notes];
    private readonly List<(HostView Host, PointSockets Sockets)> _others = [];
    private readonly List<DaemonTap> _taps = [];
    private ushort _sequence;

    /// <summary>Traces, within a few seconds more than the patience, and closes everything, whatever happens.</summary>
    /// <exception cref="OperatorException">It cannot be done here; the line says why.</exception>
    internal async Task<TraceReport> RunAsync(CancellationToken cancellation)
    {
        using var own = new PointSockets(_ping, _decoder);
        try
        {
            foreach (PointInterface at in plan.OwnPoints)
            {
                own.Open(at);
            }

            using var sender = new EchoSender(plan.Source.Place, _ping, plan.Request.Destination);
            await SendAsync(sender, own, Min(plan.Request.Patience, s_rehearsal), cancellation);
            Ipv4Address? other = plan.OtherHost ?? DestinationOfDatagrams();
            if (other is { } host)
            {
                OpenOthers(host);
                if (_others.Count > 1)
                {
                    await SendAsync(sender, own, Min(plan.Request.Patience, s_rehearsal), cancellation);
                }

                ChooseOther(host);
            }

            await StartTapsAsync(other, cancellation);
            _seen.Clear();
            (TraceWay? delivered, string? refusal) =
                await SendAsync(sender, own, plan.Request.Patience, cancellation);
            await SettleAsync(own, cancellation);
            return Report(own, other, delivered == TraceWay.Reply, refusal);
        }
        catch (LinuxException problem)
        {
            throw new OperatorException($"nothing can be traced: {problem.Message}", problem);
        }
        finally
        {
            foreach ((_, PointSockets sockets) in _others)
            {
                sockets.Dispose();
            }

            foreach (DaemonTap tap in _taps)
            {
                await tap.DisposeAsync();
            }
        }
    }

    private async Task<(TraceWay? Delivered, string? Refusal)> SendAsync(
        EchoSender sender, PointSockets own, TimeSpan within, CancellationToken cancellation)
    {
        string? refusal = sender.Send(++_sequence);
        TraceWay? delivered = null;
        for (long sent = Stopwatch.GetTimestamp();
            refusal is null && delivered is null && Stopwatch.GetElapsedTime(sent) < within;)
        {
            await Task.Delay(s_pause, cancellation);
            Read(own);
            delivered = sender.Take(_sequence);
        }

        return (delivered, refusal);
    }

    private async Task SettleAsync(PointSockets own, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        do
        {
            await Task.Delay(s_pause, cancellation);
            Read(own);
        }
        while (Stopwatch.GetElapsedTime(began) < s_settling && !_taps.All(HasToldBoth));

        bool HasToldBoth(DaemonTap tap) =>
            _seen.Where(seen => seen.Point == tap.Point).Select(seen => seen.Way).Distinct().Count() > 1;
    }

    private void Read(PointSockets own)
    {
        own.Read(_seen);
        foreach ((_, PointSockets sockets) in _others)
        {
            sockets.Read(_seen);
        }

        foreach (DaemonTap tap in _taps)
        {
            tap.Read(_seen);
        }
    }

    // Without a daemon of ours nobody tells the other host, but the datagram does.
    private Ipv4Address? DestinationOfDatagrams() => _seen
        .Where(seen => seen is { Point.Kind: StopKind.Underlay, Way: TraceWay.Request, IsOutgoing: true })
        .Select(seen => seen.Decode(_decoder))
        .Where(packet => packet is { HasInner: true, Outer.Network: NetworkKind.Ipv4 })
        .Select(packet => (Ipv4Address?)packet.Outer.Ipv4.Destination)
        .FirstOrDefault();

    private void OpenOthers(Ipv4Address address)
    {
        foreach (HostView host in machine.HostsWith(address).Take(MostHosts))
        {
            var sockets = new PointSockets(_ping, _decoder);
            _others.Add((host, sockets));
            Ipv4Address destination = plan.Request.Destination;
            foreach (PointInterface at in HostPoints.Of(
                host, $"{address}", isOwn: false,
                host.Pods.FirstOrDefault(pod => pod.Addresses.Contains(destination)), destination, plan.Source.Address,
                plan.OwnAddress, tunnel: null))
            {
                sockets.Open(at);
            }
        }
    }

    // Several labs of a machine may have the same addresses: the one that has seen a ping of this trace is it.
    private void ChooseOther(Ipv4Address address)
    {
        (HostView Host, PointSockets Sockets)[] chosen = _others.Count == 1 ? [.. _others] :
            [.. _others.Where(each => each.Sockets.HasSeen).Take(1)];
        foreach ((_, PointSockets sockets) in _others.Where(each => chosen.All(one => one.Sockets != each.Sockets)))
        {
            sockets.Dispose();
        }

        int found = _others.Count;
        _others.Clear();
        _others.AddRange(chosen);
        if (found > 1 && chosen.Length == 0)
        {
            _notes.Add($"{found} namespaces of this machine have {address}, and none has seen the ping");
        }
        else if (found == 0)
        {
            _notes.Add(
                $"{address} is another machine: its stops cannot be seen from here; see them there: sudo overlay trace "
                    + $"{plan.Source.Address?.ToString() ?? "IP"} --from {plan.Request.Destination}");
        }
    }

    private async Task StartTapsAsync(Ipv4Address? other, CancellationToken cancellation)
    {
        if (plan.Daemon is { } daemon)
        {
            await StartTapAsync(
                daemon, plan.Request.RunDirectory, plan.OwnName, isOwn: true, other, cancellation);
        }

        foreach ((HostView host, _) in _others)
        {
            foreach (string directory in host.RunDirectories())
            {
                if (await ControlClient.FindStatusAsync(directory, cancellation) is { } theirs)
                {
                    await StartTapAsync(theirs, directory, $"{other}", isOwn: false, plan.OwnAddress, cancellation);
                    return;
                }
            }

            _notes.Add($"no daemon of ours is found on {other}: it has no stop of its own there");
        }
    }

    private async Task StartTapAsync(
        StatusReport daemon, string directory, string host, bool isOwn, Ipv4Address? peer,
        CancellationToken cancellation)
    {
        string? way = daemon.Peers.FirstOrDefault(each => each.PublicIp == $"{peer}")?.Way;
        if (!TracePlan.IsByUserSpace(daemon, way))
        {
            _notes.Add(
                $"the kernel of {host} forwards by itself (way {way ?? daemon.Backend}): its daemon has no stop");
            return;
        }

        try
        {
            _taps.Add(await DaemonTap.StartAsync(
                directory, new TracePoint(host, isOwn, StopKind.Daemon, "overlay", LinkType.Raw), _ping,
                cancellation));
        }
        catch (OperatorException problem)
        {
            _notes.Add($"the daemon of {host} has no stop: {problem.Message}");
        }
    }

    private TraceReport Report(PointSockets own, Ipv4Address? other, bool isDelivered, string? refusal)
    {
        var tour = Tour.Of(
            own.Points.Concat(_others.SelectMany(each => each.Sockets.Points)).Concat(_taps.Select(tap => tap.Point)),
            _seen.Where(seen => seen.Sequence == _sequence), _decoder, isDelivered);
        Ipv4Address? from = plan.Source.Address
            ?? (tour.Of(TraceWay.Request).FirstOrDefault() is { Headers.Network: NetworkKind.Ipv4 } first
                ? first.Headers.Ipv4.Source
                : null);
        return new TraceReport(
            plan.Source.Words, from, plan.Request.Destination, plan.OwnName, other, _others.Count > 0, tour,
            TraceConclusion.Of(tour, from, plan.Request.Destination, refusal), _notes);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan another) => one < another ? one : another;
}
