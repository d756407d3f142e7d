using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using Overlay.Daemon.Lab;
using Overlay.Daemon.Lab.Decoding;

namespace Overlay.Daemon.Demo;

/// <summary>The demo from an empty machine to the last counter: builds, starts, measures, tells.</summary>
/// <remarks>Cleans up nothing but its own handles; that is <see cref="DemoSession"/>'s part, whatever happens here.</remarks>
internal sealed class DemoStory : IDisposable
{
    private const int Port = 8285, PodPingCount = 5, DevicePingCount = 2, UdpPayloadBytes = 64;

    private const string NetworkConfig = """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":8285}}""";

    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_firstPingWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_tcpFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_udpFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_captureWithin = TimeSpan.FromSeconds(1);

    private readonly LabPlan _plan;
    private readonly IpCommand _ip;
    private readonly DemoText _text;
    private readonly DemoResults _results;
    private readonly List<ChildDaemon> _daemons = [];
    private IReadOnlyList<SubnetFacts> _subnets = [];

    /// <summary>Prepares to tell it; nothing is created.</summary>
    internal DemoStory(LabPlan plan, IpCommand ip, DemoText text, DemoResults results)
    {
        _plan = plan;
        _ip = ip;
        _text = text;
        _results = results;
    }

    private HostPlan First => _plan.Hosts[0];

    private HostPlan Second => _plan.Hosts[1];

    /// <summary>Everything up to the counters; the daemons are still running afterwards.</summary>
    /// <exception cref="LabException">A step could not be done at all.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was signalled.</exception>
    internal void Tell(CancellationToken stop)
    {
        StartHosts(stop);
        Ping(stop);
        MeasureTcp(stop);
        MeasureUdp(stop);
        ShowWire();
        ShowCounters();
    }

    /// <summary>Ends the daemons as an operator would.</summary>
    internal void StopDaemons()
    {
        IReadOnlyList<DaemonEnd> ends = ChildDaemon.StopAll(_daemons, DemoResults.StopLimit);
        _results.Ends = ends;
        string codes = string.Join(' ', ends.Select(end => end.ExitCode).Distinct().Order());
        _text.Step(
            _results.StoppedCleanly, "stopped",
            Invariant($"{ends.Count} daemons, exit code {codes}, within {ends.Max(end => end.Took).TotalSeconds:0.00} s of SIGTERM"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ChildDaemon daemon in _daemons)
        {
            daemon.Dispose();
        }
    }

    private void StartHosts(CancellationToken stop)
    {
        var topology = new LabTopology(_plan, _ip);
        topology.Build();
        stop.ThrowIfCancellationRequested();

        Directory.CreateDirectory(_plan.LeaseDirectory);
        File.WriteAllText(Path.Combine(_plan.LeaseDirectory, "config"), NetworkConfig);
        IReadOnlyList<string> program = ChildDaemon.ThisProgram();
        foreach (HostPlan host in _plan.Hosts)
        {
            _daemons.Add(ChildDaemon.Start(_ip, program, _plan, host, []));
        }

        _subnets = [.. _daemons.Select(daemon => daemon.WaitUntilReady(s_readyWithin, stop))];
        _results.Hosts = [.. _plan.Hosts.Zip(_subnets, HostReport.From)];
        foreach ((HostPlan host, SubnetFacts subnet) in _plan.Hosts.Zip(_subnets))
        {
            topology.AttachPod(host, subnet);
        }

        _text.Picture(_results.Hosts[0], _results.Hosts[1]);
        IEnumerable<string> leases = _results.Hosts.Select(host => $"{host.Subnet} {host.Name}");
        bool mtusAreRight = _subnets.All(subnet => subnet.Mtu == DemoResults.ExpectedMtu);
        _text.Step(
            mtusAreRight, "leases",
            $"{string.Join(_text.Separator, leases)}   mtu {_subnets[0].Mtu} over {LabPlan.WireMtu}   (file store)");
    }

    private void Ping(CancellationToken stop)
    {
        using var pinger = new Pinger(First.PodNamespace);
        for (int other = 1; other < _plan.Hosts.Count; other++)
        {
            if (!pinger.WaitForAnswer(_subnets[other].Pod, s_firstPingWithin, stop))
            {
                throw new LabException(
                    $"pod {_subnets[other].Pod} did not answer pod {_subnets[0].Pod} within {s_firstPingWithin.TotalSeconds:0} s",
                    Logs());
            }

            if (other == 1)
            {
                TimeSpan taken = TimeProvider.System.GetUtcNow() - StartOfThisProcess();
                _text.Step(true, "first", Invariant($"ping answered {taken.TotalSeconds:0.0} s after the start"));
            }
        }

        using (var capture = new WireCapture(First.HostNamespace, LabNamespace.InterfaceIndex(First.HostNamespace, "eth0")))
        {
            _results.PodPings = PingEach(pinger, subnet => subnet.Pod, PodPingCount, stop);
            _results.Wire = capture.FirstOutgoing(IsFirstPing, s_captureWithin);
        }

        TellPings("pod", _results.PodPings);
        _results.DevicePings = PingEach(pinger, subnet => subnet.Network, DevicePingCount, stop);
        TellPings("flannel0", _results.DevicePings);
    }

    private bool IsFirstPing(EncapsulatedPacket packet) =>
        packet.Icmp is { Type: IcmpFields.EchoRequest, Identifier: Pinger.Identifier, Sequence: 1 }
        && packet.Inner.Destination.Equals(_subnets[1].Pod);

    private PingSeries PingEach(Pinger pinger, Func<SubnetFacts, IPAddress> address, int count, CancellationToken stop) =>
        _subnets.Skip(1).Aggregate(
            PingSeries.Empty, (series, subnet) => series.With(pinger.Series(address(subnet), count, stop)));

    private void TellPings(string what, PingSeries series)
    {
        string path = $"pod{_text.Arrow}{what}".PadRight(13);
        string counts = $"{series.Replies.Count}/{series.Sent}";
        if (series.MeanMilliseconds is not { } mean)
        {
            _text.Step(false, "ping", $"{path} {counts}");
            return;
        }

        double least = series.Replies.Min(reply => reply.RoundTrip.TotalMilliseconds);
        double most = series.Replies.Max(reply => reply.RoundTrip.TotalMilliseconds);
        _text.Step(
            series.AllAnswered, "ping",
            Invariant($"{path} {counts}  min {least:0.00} avg {mean:0.00} max {most:0.00} ms  ttl {series.LowestTimeToLive}"));
    }

    private void MeasureTcp(CancellationToken stop)
    {
        TcpResult tcp = TcpStream.Measure(First.PodNamespace, Second.PodNamespace, _subnets[1].Pod, s_tcpFor, stop);
        _results.Tcp = tcp;
        _text.Step(
            tcp.GigabitsPerSecond > 0, "tcp",
            Invariant($"{tcp.GigabitsPerSecond:0.00} Gbit/s   one stream, {tcp.Took.TotalSeconds:0.0} s"));
    }

    private void MeasureUdp(CancellationToken stop)
    {
        UdpResult udp = UdpBlast.Measure(
            First.PodNamespace, Second.PodNamespace, _subnets[1].Pod, UdpPayloadBytes, s_udpFor, stop);
        _results.Udp = udp;
        _text.Step(
            udp.Received > 0, "udp",
            Invariant($"{udp.DeliveredKpps:0.0} kpps delivered   {udp.PayloadBytes} B flat out: sent {udp.Sent}, received {udp.Received}"));
    }

    private void ShowWire()
    {
        if (_results.Wire is not { } packet)
        {
            _text.Step(false, "wire", $"no encapsulated ping left eth0 of {First.Name}");
            return;
        }

        _text.Step(
            packet is { Inner.TimeToLive: DemoResults.ExpectedInnerTtl, Udp.Length: DemoResults.ExpectedUdpLength },
            "wire", $"the first of those pings, leaving eth0 of {First.Name}");
        foreach (string line in packet.Tree())
        {
            _text.Detail(line);
        }

        _text.Detail(packet.SizeLine);
    }

    private void ShowCounters()
    {
        List<DaemonCounters> all = [];
        foreach (HostPlan host in _plan.Hosts)
        {
            DaemonCounters counters = DaemonCounters.Read(host.CounterSocket);
            all.Add(counters);
            string drops = counters.Drops.Count == 0
                ? "none"
                : string.Join(_text.Separator, counters.Drops.Select(drop => $"{drop.Key} {drop.Value}"));
            _text.Step(
                true, "counters",
                $"{host.Name}  out {counters.Outbound.Packets} packets {counters.Outbound.Bytes} B"
                + $"   in {counters.Inbound.Packets} packets {counters.Inbound.Bytes} B   drops {drops}");
        }

        _results.Drops = DaemonCounters.SumDrops(all);
    }

    private string Logs() => string.Join(
        '\n',
        _plan.Hosts.Take(2).Select(host => $"{host.Name}: {ChildDaemon.LogTail(host.LogFile) ?? "(no log)"}"));

    private static DateTimeOffset StartOfThisProcess()
    {
        using Process self = Process.GetCurrentProcess();
        return self.StartTime;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
