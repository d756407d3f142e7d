using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Overlay.Bench.Counting;
using Overlay.Bench.Results;
using Overlay.Lab;
using Overlay.Terminal;

namespace Overlay.Bench.Startup;

/// <summary>
/// Starts a daemon on a pretend host, again and again, as a service manager does: it says by itself when it is ready
/// (sd_notify(3)).
/// </summary>
internal sealed class StartRun(TextWriter error)
{
    private const string Prefix = "overlay-start";
    private const string NotifyVariable = "NOTIFY_SOCKET";
    private const string Ready = "READY=1";

    private static readonly string s_directory = Path.Combine(Path.GetTempPath(), Prefix);
    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(10);

    // The daemon looks at itself once a second: what it needs for that it has by then.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);

    /// <summary>Measures.</summary>
    /// <param name="rounds">Starts, 5 or more.</param>
    /// <exception cref="LabException">A daemon did not become ready; its log's end is the evidence.</exception>
    internal StartFigures Measure(int rounds)
    {
        using var stop = new StopRequest();
        LabPrerequisites.Check();
        using var held = LabLock.Take(s_directory, "another run is measuring starts");
        var ip = new IpCommand();
        var plan = new LabPlan(Prefix, s_directory, hostCount: LabPlan.MinimumHosts);
        var remnants = new LabRemnants(plan.Prefix, plan.Directory, ip);
        try
        {
            _ = remnants.Clear();
            new LabTopology(plan, ip).Build();
            Directory.CreateDirectory(plan.LeaseDirectory);
            File.WriteAllText(Path.Combine(plan.LeaseDirectory, "config"), new LabOptions([]).NetworkConfig);
            string program = DaemonProgram.Find();
            List<double> milliseconds = [];
            List<double> resident = [];
            for (int round = 1; round <= rounds; round++)
            {
                error.WriteLine($"start {round} of {rounds}");
                (double took, long bytes) = Start(ip, program, plan, stop.Token);
                milliseconds.Add(took);
                resident.Add(bytes);
            }

            return new StartFigures(
                program, new FileInfo(program).Length, Spread.Of(milliseconds), Spread.Of(resident));
        }
        finally
        {
            _ = remnants.Remove();
        }
    }

    private static (double Milliseconds, long ResidentBytes) Start(
        IpCommand ip, string program, LabPlan plan, CancellationToken cancellation)
    {
        string path = Path.Combine(plan.Directory, "notify");
        File.Delete(path);
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)s_readyWithin.TotalMilliseconds,
        };
        manager.Bind(new UnixDomainSocketEndPoint(path));
        Environment.SetEnvironmentVariable(NotifyVariable, path); // for the child
        long began = Stopwatch.GetTimestamp();
        using var daemon = ChildDaemon.Start(
            ip, [program], plan.Hosts[0], ["--lease-store", $"file:{plan.LeaseDirectory}"]);
        Environment.SetEnvironmentVariable(NotifyVariable, null);
        try
        {
            AwaitReady(manager, daemon);
            double took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            Condition.Pause(s_idle, cancellation);
            return (took, ProcessFacts.Read([daemon.Id]).ResidentBytes);
        }
        finally
        {
            _ = ChildDaemon.StopAll([daemon], s_endsWithin);
        }
    }

    private static void AwaitReady(Socket manager, ChildDaemon daemon)
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (!Encoding.UTF8.GetString(buffer.AsSpan(0, manager.Receive(buffer)))
                .StartsWith(Ready, StringComparison.Ordinal))
            {
                // Descriptors to be kept come first.
            }
        }
        catch (SocketException)
        {
            throw new LabException(daemon.ExitReport() ?? $"not ready after {s_readyWithin.TotalSeconds:0} s");
        }
    }
}
