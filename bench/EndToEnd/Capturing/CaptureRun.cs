using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Terminal;

namespace Overlay.Bench.Capturing;

/// <summary>Measures one pair of daemons with captures and without, in turn, on both hosts.</summary>
/// <param name="error">Gets a line for each round.</param>
internal sealed class CaptureRun(TextWriter error)
{
    private const string Prefix = "overlay-capture";
    private const int UdpPayloadBytes = 64;

    private static readonly string s_directory = Path.Combine(Path.GetTempPath(), Prefix);
    private static readonly TimeSpan s_beginsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(10);

    // The second is the first again: how far the two are apart is what a difference has to exceed to mean anything.
    // No packet of the lab has the filter's address (RFC 5737).
    private static readonly (string Name, string[] Words)[] s_cases =
    [
        ("without", []),
        ("without, once more", []),
        ("filter that matches nothing", ["dump", "-w", "/dev/null", "--seconds", "3600", "host", "192.0.2.1"]),
        ("headers of all packets", ["dump", "-w", "/dev/null", "--seconds", "3600"]),
    ];

    /// <summary>Measures.</summary>
    /// <param name="rounds">5 or more.</param>
    /// <param name="seconds">Of each measurement.</param>
    /// <exception cref="LabException">A daemon or a capture did not start.</exception>
    internal CaptureFigures Measure(int rounds, int seconds)
    {
        using var stop = new StopRequest();
        LabPrerequisites.Check();
        using var held = LabLock.Take(s_directory, "another run is measuring captures");
        var ip = new IpCommand();
        var plan = new LabPlan(Prefix, s_directory, hostCount: LabPlan.MinimumHosts);
        var remnants = new LabRemnants(plan.Prefix, plan.Directory, ip);
        try
        {
            _ = remnants.Clear();
            using var lab = RunningLab.Start(
                plan, ip, new LabOptions([DaemonProgram.Find()]) { ExtraArguments = ["--datapath", "user"] },
                stop.Token);
            List<double>[] tcp = [.. s_cases.Select(_ => new List<double>())];
            List<double>[] udp = [.. s_cases.Select(_ => new List<double>())];
            for (int round = 0; round <= rounds; round++) // the first one warms up
            {
                error.WriteLine($"round {round} of {rounds}");
                for (int turn = 0; turn < s_cases.Length; turn++)
                {
                    int i = (round + turn) % s_cases.Length; // none is always the first, or always after the same
                    (double gigabits, double kpps) =
                        MeasureOne(ip, plan, lab, s_cases[i].Words, TimeSpan.FromSeconds(seconds), stop.Token);
                    if (round > 0)
                    {
                        tcp[i].Add(gigabits);
                        udp[i].Add(kpps);
                    }
                }
            }

            return new CaptureFigures(
                [.. s_cases.Select((each, i) => new CaptureCase(each.Name, Spread.Of(tcp[i]), Spread.Of(udp[i])))]);
        }
        finally
        {
            _ = remnants.Remove();
        }
    }

    private static (double Gigabits, double Kpps) MeasureOne(
        IpCommand ip, LabPlan plan, RunningLab lab, string[] words, TimeSpan duration, CancellationToken cancellation)
    {
        List<Process> captures = [];
        try
        {
            if (words.Length > 0)
            {
                captures.AddRange(plan.Hosts.Select(host => StartCapture(ip, host, words, cancellation)));
            }

            (string from, string to) = (plan.Hosts[0].PodNamespace, plan.Hosts[1].PodNamespace);
            TcpResult stream = TcpStream.Measure(from, to, lab.Subnets[1].Pod, duration, cancellation);
            UdpResult flood =
                UdpBlast.Measure(from, to, lab.Subnets[1].Pod, UdpPayloadBytes, duration, cancellation);
            return (stream.GigabitsPerSecond, flood.DeliveredKpps);
        }
        finally
        {
            ChildCommand.Signal("INT", [.. captures.Select(capture => capture.Id)]);
            foreach (Process capture in captures)
            {
                if (!capture.WaitForExit(s_endsWithin))
                {
                    capture.Kill();
                }

                capture.Dispose();
            }
        }
    }

    // It says so when it has begun.
    private static Process StartCapture(
        IpCommand ip, HostPlan host, string[] words, CancellationToken cancellation)
    {
        string log = Path.Combine(s_directory, $"{host.Name}.capture.log");
        File.Delete(log);
        Process capture = ip.StartLogged(
            ["netns", "exec", host.HostNamespace, DaemonProgram.Find(), .. words[..1], "--run-dir", host.RunDirectory,
                .. words[1..]],
            log);
        return Condition.Holds(() => HasBegun(log) || capture.HasExited, s_beginsWithin, cancellation)
            && !capture.HasExited
            ? capture
            : throw new LabException("a capture did not begin", ChildDaemon.LogTail(log));
    }

    private static bool HasBegun(string log) =>
        File.Exists(log) && File.ReadAllText(log).Contains("capturing packets", StringComparison.Ordinal);
}
