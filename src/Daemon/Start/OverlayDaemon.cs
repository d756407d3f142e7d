using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Host;
using Overlay.Daemon.Leases;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary><c>overlay run</c>: what is wired to what, and in which order things appear and go.</summary>
internal sealed class OverlayDaemon(RunOptions options, ILogger log)
{
    // A stop takes less than 2 s, whatever a store on a file system that hangs does.
    private static readonly TimeSpan s_patienceAtEnd = TimeSpan.FromSeconds(1);

    private static readonly TimeProvider s_clock = TimeProvider.System;

    private bool _isReady;

    /// <summary>Runs until SIGTERM, SIGINT, SIGQUIT or SIGHUP.</summary>
    /// <returns><see cref="ExitCode.Success"/> after a clean stop.</returns>
    /// <exception cref="OperatorException">It could not start or could not go on; the message is one line with the
    /// remedy.</exception>
    internal static async Task<int> RunAsync(RunOptions options)
    {
        using var stop = new StopRequest();
        ILoggerFactory loggers = LogOutput.Create();
        try
        {
            await new OverlayDaemon(options, loggers.CreateLogger("overlay")).RunAsync(stop.Token);
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (Exception problem) when (problem is LinuxException or LeaseStoreException)
        {
            throw new OperatorException(problem.Message, problem);
        }
        finally
        {
            LogOutput.Close(loggers);
        }
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        SubnetFile.Check(options.SubnetFile); // a store that is waited for must not hide that the options are wrong
        using var runDirectory = RunDirectory.Take(options.RunDirectory);
        await using ILeaseStore store = LeaseStoreFactory.Open(
            options.LeaseStore, s_clock, warning => Log.StoreWarning(log, warning));
        using var netlink = RouteNetlink.Open();
        var underlay = UnderlayInterface.Select(
            netlink.GetLinks(), netlink.GetAddresses(), netlink.GetRoutes(), options.Interface, options.PublicIp);
        var snapshots = new SnapshotFile(runDirectory.Path, log);
        var starter = new LeaseStarter(
            store, snapshots, options.PublicIp ?? underlay.Address, s_clock, Random.Shared, log);
        NetworkConfig config = await starter.ReadConfigAsync(cancellation);
        var plan = StartPlan.Make(options, underlay, config, store.Description, log);
        using (var routes = RouteLookup.Open())
        {
            await new RouteCheck(routes, netlink, config, plan.Backend.Routes, log)
                .RunAsync(options.LeaseStore, underlay, plan.PublicIp, cancellation);
        }

        Ipv4Prefix? previous = SubnetEnvFile.ReadPreviousSubnet(
            options.SubnetFile, warning => Log.StoreWarning(log, warning));
        SubnetLease? known = plan.Backend.RemembersLeaseData
            ? await starter.FindOwnAsync(config, previous, cancellation)
            : null;
        var context = new BackendContext(options, config, underlay, netlink, log)
        {
            Published = known?.Attributes.Backend ?? BackendLeaseData.None,
        };
        using IBackend backend = plan.Backend.Prepare(context);

        // Above this line nothing of the machine is changed; below it, each thing is undone by its owner's Dispose.
        StartingPoint start = await starter.AcquireAsync(config, backend.LeaseData, previous, cancellation);
        try
        {
            BackendCatalog.RemoveRemains(plan.Backend, context);
            var snapshotWriter = new SnapshotWriter(snapshots, s_clock);
            await ServeAsync(plan, backend, start, store, snapshotWriter, runDirectory, cancellation);
        }
        catch when (start.IsNew && !_isReady)
        {
            await GiveBackAsync(store, start.Own);
            throw;
        }
    }

    private async Task ServeAsync(
        StartPlan plan,
        IBackend backend,
        StartingPoint start,
        ILeaseStore store,
        SnapshotWriter snapshots,
        RunDirectory runDirectory,
        CancellationToken cancellation)
    {
        backend.Open(start.Own.Subnet);
        var subnetFile = new SubnetFile(
            options.SubnetFile, plan.Config.Network, () => backend.Mtu, start.Own.Subnet, log);
        void Apply(LeaseView leases, LeaseDelta delta)
        {
            backend.Apply(leases, delta);
            subnetFile.MoveTo(leases.OwnSubnet);
        }

        var keeper = new LeaseKeeper(store, start, options.RenewMargin, s_clock, Random.Shared, log);
        var leases = new LeaseLoop(
            store, start, keeper, new BackendLeases(plan.Backend.Type, plan.Backend.Takes), Apply, snapshots, s_clock,
            log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task leaseLoop = leases.RunAsync(ending.Token);
        Task upkeep = Task.CompletedTask;
        try
        {
            await leases.FirstUpdate.WaitAsync(cancellation);
            backend.Forward();
            await using var control = ControlServer.Listen(
                runDirectory.Path,
                new Dictionary<string, ControlHandler>
                {
                    [ControlCommands.Counters] = (answer, gone) =>
                        answer.WriteAsync(ReadCounters(backend, leases).ToJson(), gone),
                });
            Ipv4Prefix subnet = subnetFile.Publish();
            _isReady = true;
            BackendState state = backend.ReadState();
            Log.Ready(
                log, subnet.ToString(), state.Interface, backend.Mtu, state.Endpoint, state.Peers, state.Description);

            upkeep = new Upkeep(backend, subnetFile, s_clock).RunAsync(ending.Token);
            await UntilStoppedAsync(backend, Task.WhenAny(leaseLoop, upkeep).Unwrap(), cancellation);
            LogStopped(backend.ReadCounters());
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(leaseLoop, upkeep).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static CountersReport ReadCounters(IBackend backend, LeaseLoop leases) => backend.ReadCounters() with
    {
        LeftOut = leases.LeftOut is { Count: > 0 } others
            ? others.OrderBy(lease => lease.Subnet.Address)
                .ToDictionary(lease => lease.Subnet.ToString(), lease => lease.Attributes.Backend.Name)
            : null,
    };

    private void LogStopped(CountersReport counters)
    {
        if (counters.KernelForwarding is not null)
        {
            Log.StoppedForwardingGoesOn(log, counters.Routes, counters.Peers);
            return;
        }

        Log.Stopped(
            log,
            counters.Outbound.Packets,
            counters.Inbound.Packets,
            counters.Outbound.Drops.Values.Sum() + counters.Inbound.Drops.Values.Sum());
    }

    /// <summary>Returns at a signal; throws when forwarding or one of the loops has ended by itself.</summary>
    private static async Task UntilStoppedAsync(IBackend backend, Task loops, CancellationToken cancellation)
    {
        Task first = await Task.WhenAny(Task.Delay(Timeout.Infinite, cancellation), backend.Fault, loops);
        if (cancellation.IsCancellationRequested)
        {
            return; // the loops end by the same signal, and may be first
        }

        if (first == backend.Fault)
        {
            Exception fault = await backend.Fault;
            throw fault is LinuxException
                ? new OperatorException($"forwarding on {backend.ReadState().Interface} ended: {fault.Message}", fault)
                : fault;
        }

        await loops;
    }

    /// <summary>A start that failed leaves no lease behind that was not there before.</summary>
    private async Task GiveBackAsync(ILeaseStore store, SubnetLease lease)
    {
        try
        {
            await store.ReleaseAsync(lease, CancellationToken.None).WaitAsync(s_patienceAtEnd);
        }
        catch (Exception problem) when (problem is LeaseStoreException or TimeoutException)
        {
            Log.StoreWarning(log, problem.Message); // why the start failed is what the operator has to read last
        }
    }
}
