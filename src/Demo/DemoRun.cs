using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Threading;
using Overlay.Control;
using Overlay.Lab;
using Overlay.Lab.Cni;
using Overlay.Capture.Packets;
using Overlay.Lab.Faults;

namespace Overlay.Demo;

/// <summary>The demo from an empty machine to the last counter: builds, starts, measures, tells.</summary>
/// <remarks>
/// Cleans up nothing but its own handles; that is <see cref="DemoSession"/>'s part, whatever happens here.
/// </remarks>
internal sealed class DemoRun : IDisposable
{
    private const int PodPingCount = 5, DevicePingCount = 2, UdpPayloadBytes = 64, LeasesPerLine = 4;

    private static readonly TimeSpan s_firstPingWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_tcpFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_udpFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_captureWithin = TimeSpan.FromSeconds(10);

    private readonly LabPlan _plan;
    private readonly IpCommand _ip;
    private readonly DemoOptions _options;
    private readonly DemoText _text;
    private readonly DemoResults _results;
    private RunningLab? _lab;
    private DemoPods? _pods;
    private IReadOnlyList<SubnetFacts> _subnets = [];

    /// <summary>Prepares to tell it; nothing is created.</summary>
    internal DemoRun(LabPlan plan, IpCommand ip, DemoOptions options, DemoText text, DemoResults results)
    {
        _plan = plan;
        _ip = ip;
        _options = options;
        _text = text;
        _results = results;
    }

    private DemoBackend Backend => _results.Backend;

    private HostPlan First => _plan.Hosts[0];

    private HostPlan Second => _plan.Hosts[1];

    /// <summary>Everything up to the counters; the daemons are still running afterwards.</summary>
    /// <exception cref="LabException">A step could not be done at all.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    internal void Run(CancellationToken cancellation)
    {
        _pods = _options.Cni ? new DemoPods(_plan, new CniRuntime(_plan, _ip, CniPlugins.Find()), _text) : null;
        _lab = RunningLab.Start(_plan, _ip, new LabOptions([DaemonProgram.Find()])
        {
            AttachPod = _pods is null ? null : _pods.Attach,
            Store = _options.Store,
            NetworkConfig = Backend.NetworkConfig,

            ExtraArguments =
            [
                // Some faults are of what packets pass in user space.
                .. _options.Break is not null && Backend.IsThroughDaemon ? ["--datapath", "user"] : (string[])[],

                // Where the daemon does not masquerade the delegate does, what goes from pod to pod too.
                .. _pods is not null ? ["--ip-masq"] : (string[])[],
            ],
        }, cancellation);
        try
        {
            Introduce(_lab);
            if (_options.Break is { } fault)
            {
                Break(_lab, fault, cancellation);
                return;
            }

            Ping(cancellation);
            _results.HostPortAnswers = _pods?.AskHostPort();
            MeasureTcp(cancellation);
            MeasureUdp(cancellation);
            ShowWire();
            ShowCounters(_lab);
        }
        catch (LabException problem) when (_lab.FailureReport() is { } failures)
        {
            // Whatever the step noticed, a dead daemon is the cause.
            string[] lines = failures.Split('\n', 2);
            throw new LabException($"{lines[0]} ({problem.Message})", lines[1]);
        }
    }

    /// <summary>Takes away what plugins have made, and ends the daemons as an operator would.</summary>
    internal void StopDaemons()
    {
        _results.PodsReleased = _pods?.Release();
        IReadOnlyList<DaemonEnd> ends = _lab?.StopDaemons(DemoResults.StopLimit)
            ?? throw new InvalidOperationException("the daemons have not been started");
        _results.Ends = ends;
        TimeSpan slowest = ends.Max(end => end.Took);
        string codes = string.Join(' ', ends.Select(end => end.ExitCode).Distinct().Order());
        _text.Step(
            _results.StoppedCleanly, "stopped",
            Invariant($"{ends.Count} daemons, exit code {codes}, within {slowest.TotalSeconds:0.00} s of SIGTERM"));
    }

    /// <inheritdoc/>
    public void Dispose() => _lab?.Dispose();

    private void Introduce(RunningLab lab)
    {
        _subnets = lab.Subnets;
        _results.Hosts = [.. _plan.Hosts.Zip(_subnets, HostReport.From)];
        _results.Etcd = lab.Etcd is { } etcd ? EtcdReport.From(etcd) : null;
        _text.Picture(_results.Hosts[0], _results.Hosts[1], Backend);
        ShowStore();
        bool mtusAreRight = _subnets.All(subnet => subnet.Mtu == Backend.ExpectedMtu);
        string[] lines =
        [
            .. _results.Hosts.Select(host => $"{host.Subnet} {host.Name}").Chunk(LeasesPerLine)
                .Select(leases => string.Join(_text.Separator, leases)),
        ];
        _text.Step(mtusAreRight, "leases", $"{lines[0]}   mtu {_subnets[0].Mtu} over {LabPlan.WireMtu}");
        foreach (string line in lines.Skip(1))
        {
            _text.Detail(line);
        }

        ShowKeys();
    }

    private void ShowStore()
    {
        string text = _results.Etcd is { } etcd
            ? Invariant($"etcd {etcd.Version} at {etcd.Endpoint}, serving {etcd.ReadyMs / 1000:0.00} s after its start")
            : $"files in {_plan.LeaseDirectory}";
        _text.Step(true, "store", text);
    }

    private void ShowKeys()
    {
        if (_results.Etcd is { } etcd)
        {
            _text.Step(etcd.Holds(_results.Hosts, Backend), "keys", "as etcd has them");
            foreach ((string key, string value) in etcd.Keys)
            {
                _text.Detail($"{key}  {value}");
            }
        }
    }

    private void Break(RunningLab lab, LabFault fault, CancellationToken cancellation)
    {
        using (var pinger = new Pinger(First.PodNamespace))
        {
            AwaitPods(pinger, cancellation);
        }

        var site = new FaultSite(
            _ip, _plan, Backend.Device ?? "eth0", DemoBackend.Network, _subnets[0], _subnets[1],
            lab.Etcd?.DaemonArguments);
        if (fault.IsWithoutDaemon)
        {
            lab.StopDaemon(1, DemoResults.StopLimit);
            _text.Step(true, "stopped", $"the daemon of {First.Name}: the fault is one of hosts without ours");
        }

        _results.Broken = new DemoBreak(site, [DaemonProgram.Find()], _options.Keep, _text).Run(fault, cancellation);
    }

    private void Ping(CancellationToken cancellation)
    {
        using var pinger = new Pinger(First.PodNamespace);
        AwaitPods(pinger, cancellation);
        using (var capture = new WireCapture(
            First.HostNamespace, LabNamespace.InterfaceIndex(First.HostNamespace, "eth0")))
        {
            _results.PodPings = PingEach(pinger, subnet => subnet.Pod, PodPingCount, cancellation);
            Catch(capture);
        }

        ReportPings("pod", _results.PodPings);
        if (Backend.Device is { } device)
        {
            _results.DevicePings = PingEach(pinger, subnet => subnet.Network, DevicePingCount, cancellation);
            ReportPings(device, _results.DevicePings);
        }
    }

    private void AwaitPods(Pinger pinger, CancellationToken cancellation)
    {
        for (int other = 1; other < _plan.Hosts.Count; other++)
        {
            if (!pinger.WaitForAnswer(_subnets[other].Pod, s_firstPingWithin, cancellation))
            {
                throw new LabException(
                    $"pod {_subnets[other].Pod} did not answer pod {_subnets[0].Pod} within "
                        + $"{s_firstPingWithin.TotalSeconds:0} s",
                    Logs());
            }

            if (other == 1)
            {
                _text.Step(
                    true, "first", Invariant($"ping answered {_results.Age.TotalSeconds:0.0} s after the start"));
            }
        }
    }

    private void Catch(WireCapture capture)
    {
        DecodedPacket? packet = capture.FirstOutgoing(
            packet => packet.Encapsulation == Backend.Encapsulation
                && IsFirstPing(packet.HasInner ? packet.Inner : packet.Outer),
            s_captureWithin);
        _results.Wire = packet is { } seen ? DemoWire.Of(seen) : null;
    }

    private bool IsFirstPing(PacketHeaders packet) => packet.Transport == TransportKind.Icmp
        && packet.Icmp is { Type: IcmpMessage.EchoRequest, Identifier: Pinger.Identifier, Sequence: 1 }
        && packet.Ipv4.Destination.ToIPAddress().Equals(_subnets[1].Pod);

    private PingSeries PingEach(
        Pinger pinger, Func<SubnetFacts, IPAddress> address, int count, CancellationToken cancellation) =>
        _subnets.Skip(1).Aggregate(
            PingSeries.Empty, (series, subnet) => series.With(pinger.Series(address(subnet), count, cancellation)));

    private void ReportPings(string what, PingSeries series)
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
            Invariant($"{path} {counts}  min {least:0.00} avg {mean:0.00} max {most:0.00} ms")
                + $"  ttl {series.LowestTimeToLive}");
    }

    private void MeasureTcp(CancellationToken cancellation)
    {
        TcpResult tcp = TcpStream.Measure(
            First.PodNamespace, Second.PodNamespace, _subnets[1].Pod, s_tcpFor, cancellation);
        _results.Tcp = tcp;
        _text.Step(
            tcp.GigabitsPerSecond > 0, "tcp",
            Invariant($"{tcp.GigabitsPerSecond:0.00} Gbit/s   one stream, {tcp.Took.TotalSeconds:0.0} s"));
    }

    private void MeasureUdp(CancellationToken cancellation)
    {
        UdpResult udp = UdpBlast.Measure(
            First.PodNamespace, Second.PodNamespace, _subnets[1].Pod, UdpPayloadBytes, s_udpFor, cancellation);
        _results.Udp = udp;
        string counts = $"{udp.PayloadBytes} B flat out: sent {udp.Sent}, received {udp.Received}";
        _text.Step(udp.Received > 0, "udp", Invariant($"{udp.DeliveredKpps:0.0} kpps delivered   {counts}"));
    }

    private void ShowWire()
    {
        if (_results.Wire is not { } wire)
        {
            _text.Step(false, "wire", $"none of those pings was seen leaving eth0 of {First.Name}");
            return;
        }

        bool isRight = wire.TimeToLive == Backend.ExpectedInnerTtl
            && (wire.UdpLength ?? Backend.ExpectedUdpLength) == Backend.ExpectedUdpLength;
        _text.Step(isRight, "wire", $"the first of those pings, leaving eth0 of {First.Name}");
        foreach (string line in wire.Tree)
        {
            _text.Detail(line);
        }

        _text.Detail(wire.Size);
    }

    private void ShowCounters(RunningLab lab)
    {
        IReadOnlyList<CountersReport> all = lab.ReadCounters();
        foreach ((HostPlan host, CountersReport counters) in _plan.Hosts.Zip(all))
        {
            string drops = counters.Drops.Count == 0
                ? "none"
                : string.Join(_text.Separator, counters.Drops.Select(drop => $"{drop.Key} {drop.Value}"));
            if (counters.KernelForwarding is { IsCounted: false } kernel)
            {
                _text.Step(true, "counters", $"{host.Name}  routes {counters.Routes}, forwarding {kernel}");
                continue;
            }

            _text.Step(
                true, "counters",
                $"{host.Name}  out {counters.Outbound.Packets} packets {counters.Outbound.Bytes} B"
                + $"   in {counters.Inbound.Packets} packets {counters.Inbound.Bytes} B   drops {drops}");
        }

        _results.Drops = CountersReport.SumDrops(all.Select(counters => counters.Drops));
    }

    private string Logs() => string.Join(
        '\n',
        _plan.Hosts.Take(2).Select(host => $"{host.Name}: {ChildDaemon.LogTail(host.LogFile) ?? "(no log)"}"));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
