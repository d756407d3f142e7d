using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

namespace Overlay.Lab;

/// <summary>
/// A real etcd on a lab's wire: a child process in the wire's namespace, at an address of the wire's bridge.
/// </summary>
/// <remarks>
/// Its files are in the lab's directory, its process id too: <see cref="LabRemnants"/> ends it and removes them,
/// whatever became of whoever started it.
/// </remarks>
public sealed class LabEtcd : IDisposable
{
    /// <summary>flannel's own place for network config and leases.</summary>
    public const string Prefix = "/coreos.com/network";

    /// <summary>The network config's key.</summary>
    public const string ConfigKey = $"{Prefix}/config";

    /// <summary>What lease keys begin with: <c>10.244.1.0-24</c> follows.</summary>
    public const string SubnetKeys = $"{Prefix}/subnets/";

    private const string Program = "etcd", Name = "lab";
    private const int ClientPort = 2379, PeerPort = 2380;

    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_endedWithin = TimeSpan.FromSeconds(60);

    private readonly LabPlan _plan;
    private readonly IpCommand _ip;
    private Process? _process;

    private LabEtcd(LabPlan plan, IpCommand ip)
    {
        _plan = plan;
        _ip = ip;
        Endpoint = new Uri($"http://{LabPlan.WireAddress}:{ClientPort}");
        Gateway = new EtcdGateway(plan.WireNamespace, Endpoint);
    }

    /// <summary>Its client URL, for every host on the wire.</summary>
    public Uri Endpoint { get; }

    /// <summary>How to ask it from here.</summary>
    public EtcdGateway Gateway { get; }

    /// <summary>From its latest start until it answered that it serves.</summary>
    public TimeSpan TookToServe { get; private set; }

    /// <summary>The process id while it runs.</summary>
    public int Id => _process?.Id ?? throw new LabException("etcd does not run");

    /// <summary>What a daemon has to be started with to keep its lease here.</summary>
    public IReadOnlyList<string> DaemonArguments => ["--etcd-endpoints", Endpoint.GetLeftPart(UriPartial.Authority)];

    /// <summary>Where etcd is.</summary>
    /// <exception cref="LabException">It is not installed.</exception>
    public static string FindProgram() =>
        ChildCommand.Find(Program) ?? throw new LabException("etcd is missing: apt-get install etcd-server");

    /// <summary>Gives the wire its address and starts one on it; returns when it serves.</summary>
    /// <param name="plan">The lab, whose namespaces exist.</param>
    /// <param name="ip">Enters the namespace.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="LabException">It is not installed, ended, or did not serve in time; its log's end is the
    /// evidence.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static LabEtcd Start(LabPlan plan, IpCommand ip, CancellationToken cancellation)
    {
        // Its gateway is a client of its own server: without lo a namespace does not reach its own addresses.
        ip.Batch(
            plan.WireNamespace,
            [
                "link set lo up",
                $"addr add {LabPlan.WireAddress}/{LabPlan.UnderlayPrefixLength} dev {LabTopology.Wire}",
            ]);
        var etcd = new LabEtcd(plan, ip);
        try
        {
            etcd.Restart(cancellation);
            return etcd;
        }
        catch
        {
            etcd.Dispose();
            throw;
        }
    }

    /// <summary>Starts it on what it held when it ended; returns when it serves.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="LabException">As for <see cref="Start"/>.</exception>
    public void Restart(CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        Process process = _ip.StartLogged(["netns", "exec", _plan.WireNamespace, .. Words()], _plan.EtcdLogFile);
        _process = process;
        File.WriteAllText(_plan.EtcdPidFile, process.Id.ToString(CultureInfo.InvariantCulture));
        if (!Condition.Holds(() => process.HasExited || Gateway.IsHealthy(), s_readyWithin, cancellation)
            || process.HasExited)
        {
            throw new LabException(
                process.HasExited
                    ? $"etcd ended with exit code {process.ExitCode} before it served"
                    : $"etcd did not serve within {s_readyWithin.TotalSeconds:0} s",
                ChildDaemon.LogTail(_plan.EtcdLogFile));
        }

        TookToServe = Stopwatch.GetElapsedTime(began);
    }

    /// <summary>SIGTERM; returns when it has ended.</summary>
    /// <exception cref="LabException">It still runs after 60 s.</exception>
    public void Stop() => End("TERM");

    /// <summary>SIGKILL; returns when it has ended.</summary>
    /// <exception cref="LabException">It still runs after 60 s.</exception>
    public void Kill() => End("KILL");

    /// <summary>Lets go of the process without ending it.</summary>
    public void Dispose()
    {
        Gateway.Dispose();
        _process?.Dispose();
    }

    private void End(string signal)
    {
        Process process = _process ?? throw new LabException("etcd does not run");
        ChildCommand.Signal(signal, [process.Id]);
        if (!process.WaitForExit(s_endedWithin))
        {
            throw new LabException(
                $"etcd still runs {s_endedWithin.TotalSeconds:0} s after "
                    + $"SIG{signal}", ChildDaemon.LogTail(_plan.EtcdLogFile));
        }

        process.Dispose();
        _process = null;
    }

    private IReadOnlyList<string> Words()
    {
        string peerUrl = $"http://{LabPlan.WireAddress}:{PeerPort}";
        string clientUrl = Endpoint.GetLeftPart(UriPartial.Authority);
        return
        [
            // Every ETCD_ variable of whoever runs this would count as an option.
            "env", "-i", .. UnsupportedArchitecture(),
            FindProgram(),
            "--name", Name,
            "--data-dir", _plan.EtcdDirectory,
            "--listen-client-urls", clientUrl,
            "--advertise-client-urls", clientUrl,
            "--listen-peer-urls", peerUrl,
            "--initial-advertise-peer-urls", peerUrl,
            "--initial-cluster", $"{Name}={peerUrl}",
        ];
    }

    // etcd before 3.5 starts on 64-bit ARM only when told that its user knows.
    private static IEnumerable<string> UnsupportedArchitecture() =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ["ETCD_UNSUPPORTED_ARCH=arm64"] : [];
}
