using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Overlay.Control;
using Overlay.Terminal;

namespace Overlay.Lab;

/// <summary>Where a lab's daemons keep their leases.</summary>
public enum LabStore
{
    /// <summary>In the lab's directory.</summary>
    Files,

    /// <summary>In an etcd of the lab's own, on the wire.</summary>
    Etcd,
}

/// <summary>What a lab's daemons are started with.</summary>
/// <param name="Program">The daemon's executable, as words: <see cref="DaemonProgram.Find"/>.</param>
public sealed record LabOptions(IReadOnlyList<string> Program)
{
    /// <summary>Where they keep their leases.</summary>
    public LabStore Store { get; init; }

    /// <summary>The lease store's <c>config</c>.</summary>
    public string NetworkConfig { get; init; } = """{"Network":"10.244.0.0/16","Backend":{"Type":"udp","Port":8285}}""";

    /// <summary>Makes a host's pod, whose address is the first behind the gateway's; null where the lab does.</summary>
    public Action<HostPlan, SubnetFacts>? AttachPod { get; init; }

    /// <summary>More arguments for every <c>run</c>.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];
}

/// <summary>
/// A lab from its first namespace to its last pod: the hosts, a ready daemon on each, a pod behind each.
/// </summary>
/// <remarks>
/// It owns handles only. Whoever starts one removes it with <see cref="LabRemnants.Remove"/>, whatever happened, and so
/// removes also what a half-made one has left.
/// </remarks>
public sealed class RunningLab : IDisposable
{
    private static readonly TimeSpan s_readyWithin = TimeSpan.FromSeconds(60);

    // Many runtimes that start at once share the processors.
    private static readonly TimeSpan s_readyWithinPerHost = TimeSpan.FromSeconds(1);

    private readonly IpCommand _ip;
    private readonly LabOptions _options;
    private readonly ChildDaemon?[] _daemons;

    private RunningLab(LabPlan plan, IpCommand ip, LabOptions options)
    {
        Plan = plan;
        _ip = ip;
        _options = options;
        _daemons = new ChildDaemon?[plan.Hosts.Count];
    }

    /// <summary>Its names and addresses.</summary>
    public LabPlan Plan { get; }

    /// <summary>The lab's own etcd; null when leases are files.</summary>
    public LabEtcd? Etcd { get; private set; }

    /// <summary>Each host's lease, in the hosts' order.</summary>
    public IReadOnlyList<SubnetFacts> Subnets { get; private set; } = [];

    /// <summary>Builds all of it and waits until every daemon is ready.</summary>
    /// <param name="plan">Its names and addresses; nothing of it may exist but the directory.</param>
    /// <param name="ip">iproute2.</param>
    /// <param name="options">What the daemons are started with.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="LabException">A command failed, or a daemon did not become ready; its log's end is the
    /// evidence.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public static RunningLab Start(LabPlan plan, IpCommand ip, LabOptions options, CancellationToken cancellation)
    {
        var lab = new RunningLab(plan, ip, options);
        try
        {
            lab.Start(cancellation);
            return lab;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    /// <summary>Asks one daemon to stop and waits; one that will not is killed.</summary>
    /// <param name="number">The host's, from 1.</param>
    /// <param name="within">How long it may take.</param>
    /// <exception cref="LabException">It has not ended by itself, with 0.</exception>
    public void StopDaemon(int number, TimeSpan within)
    {
        if (_daemons[number - 1] is { } daemon && ChildDaemon.StopAll([daemon], within) is not [{ ExitCode: 0 }])
        {
            throw new LabException($"the daemon of {Plan.Hosts[number - 1].Name} did not stop cleanly");
        }
    }

    /// <summary>Asks every daemon to stop and waits; one that will not is killed.</summary>
    /// <param name="within">How long each may take.</param>
    public IReadOnlyList<DaemonEnd> StopDaemons(TimeSpan within) =>
        ChildDaemon.StopAll([.. _daemons.OfType<ChildDaemon>()], within);

    /// <summary>
    /// The daemons that have ended by themselves, a line each with the end of its log; null when all run.
    /// </summary>
    public string? FailureReport()
    {
        IEnumerable<string> lines =
            _daemons.OfType<ChildDaemon>().Select(daemon => daemon.ExitReport()).OfType<string>();
        return string.Join('\n', lines) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The daemons' process ids, in the hosts' order.</summary>
    public IReadOnlyList<int> DaemonIds => [.. _daemons.OfType<ChildDaemon>().Select(daemon => daemon.Id)];

    /// <summary>What each daemon counted, in the hosts' order.</summary>
    /// <exception cref="OperatorException">One does not answer.</exception>
    public IReadOnlyList<CountersReport> ReadCounters() =>
        [.. Plan.Hosts.Select(
            host => ControlClient.ReadCountersAsync(host.RunDirectory, CancellationToken.None)
                .GetAwaiter().GetResult())];

    /// <summary>Lets go of the processes without ending them.</summary>
    public void Dispose()
    {
        Etcd?.Dispose();
        foreach (ChildDaemon? daemon in _daemons)
        {
            daemon?.Dispose();
        }
    }

    private void Start(CancellationToken cancellation)
    {
        var topology = new LabTopology(Plan, _ip);
        topology.Build();
        cancellation.ThrowIfCancellationRequested();

        IReadOnlyList<string> store = PrepareStore(cancellation);
        for (int index = 0; index < _daemons.Length; index++)
        {
            _daemons[index] = ChildDaemon.Start(
                _ip, _options.Program, Plan.Hosts[index], [.. store, .. _options.ExtraArguments]);
        }

        TimeSpan within = s_readyWithin + (s_readyWithinPerHost * _daemons.Length);
        Subnets = [.. _daemons.OfType<ChildDaemon>().Select(daemon => daemon.WaitUntilReady(within, cancellation))];
        foreach ((HostPlan host, SubnetFacts subnet) in Plan.Hosts.Zip(Subnets))
        {
            cancellation.ThrowIfCancellationRequested();
            (_options.AttachPod ?? topology.AttachPod)(host, subnet);
        }
    }

    /// <summary>A store with nothing in it but the network config.</summary>
    /// <returns>What names it to a daemon.</returns>
    private IReadOnlyList<string> PrepareStore(CancellationToken cancellation)
    {
        if (_options.Store == LabStore.Etcd)
        {
            Etcd = LabEtcd.Start(Plan, _ip, cancellation);
            Etcd.Gateway.Put(LabEtcd.ConfigKey, _options.NetworkConfig);
            return Etcd.DaemonArguments;
        }

        Directory.CreateDirectory(Plan.LeaseDirectory);
        File.WriteAllText(Path.Combine(Plan.LeaseDirectory, "config"), _options.NetworkConfig);
        return ["--lease-store", $"file:{Plan.LeaseDirectory}"];
    }
}
