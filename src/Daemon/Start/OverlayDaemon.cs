using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Daemon.Backends;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Health;
using Overlay.Daemon.Host;
using Overlay.Daemon.Leases;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Doctor;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// One daemon from reading the config to the end of forwarding: what is wired to what, and in which order things appear
/// and go.
/// </summary>
/// <param name="process">What is there before it and after it.</param>
/// <param name="store">Where leases are; its own.</param>
/// <param name="restart">Asked when this one has to make way for another in the same process.</param>
/// <param name="log">Gets the lines.</param>
internal sealed class OverlayDaemon(
    ProcessContext process, ILeaseStore store, RestartRequest restart, DaemonLog log)
{
    // A stop takes less than 2 s, whatever a store on a file system that hangs does.
    private static readonly TimeSpan s_patienceAtEnd = TimeSpan.FromSeconds(1);

    private static readonly TimeProvider s_clock = TimeProvider.System;

    /// <summary>Whether it has forwarded.</summary>
    internal bool WasReady { get; private set; }

    /// <summary>The lease that it has held last; null before the first.</summary>
    internal SubnetLease? Held { get; private set; }

    /// <summary>The lease that the daemon before it has held; null for none.</summary>
    internal SubnetLease? Former { get; init; }

    /// <summary>Reads and checks everything that a start goes by. Nothing of the machine is changed.</summary>
    /// <param name="cancellation">Ends the wait for a store that is not ready.</param>
    /// <exception cref="OperatorException">It cannot start; the message is one line with the remedy.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <exception cref="LeaseStoreException">The store refused.</exception>
    internal async Task<PreparedStart> PrepareAsync(CancellationToken cancellation)
    {
        var netlink = RouteNetlink.Open();
        try
        {
            var choice = UnderlayChoice.Make(process.Options.Underlay, HostNetwork.Read(netlink));
            UnderlayInterface underlay = choice.Interface;
            Ipv4Address publicIp = process.Options.Underlay.PublicIp ?? underlay.Address;
            var snapshots = new SnapshotFile(process.RunDirectory.Path, log) { Health = process.Health };
            var starter = new LeaseStarter(store, snapshots, publicIp, s_clock, Random.Shared, log);
            NetworkConfig config = await starter.ReadConfigAsync(cancellation);
            Log.FoundConfig(log, config.Backend.Type);
            var plan = StartPlan.Make(process.Options, choice, config, store.Description, log);
            using (var routes = RouteLookup.Open())
            {
                await new RouteCheck(routes, netlink, config, plan.Backend.Routes, log)
                    .RunAsync(process.Options.LeaseStore, underlay, plan.PublicIp, cancellation);
            }

            Ipv4Prefix? previous = SubnetEnvFile.ReadPreviousSubnet(
                process.Options.SubnetFile, warning => Log.StoreWarning(log, warning));
            SubnetLease? known = plan.Backend.RemembersLeaseData
                ? await starter.FindOwnAsync(config, previous, cancellation)
                : null;
            var context = new BackendContext(process.Options, config, underlay, netlink, log)
            {
                Published = known?.Attributes.Backend ?? BackendLeaseData.None,
                Health = process.Health,
                Kept = process.Kept,
                Progress = process.Progress,
            };
            IBackend backend = plan.Backend.Prepare(context);
            return new PreparedStart(
                plan, backend, context, starter, new SnapshotWriter(snapshots, s_clock), previous);
        }
        catch
        {
            netlink.Dispose();
            throw;
        }
    }

    /// <summary>Runs until cancelled, or until it is asked to make way.</summary>
    /// <param name="prepared">What <see cref="PrepareAsync"/> has found, a moment ago.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperatorException">It could not start or could not go on; the message is one line with the
    /// remedy.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    /// <exception cref="LeaseStoreException">The store refused.</exception>
    internal async Task RunAsync(PreparedStart prepared, CancellationToken cancellation)
    {
        // A host is known by its public address: what it has held under another one nobody holds any longer. What an
        // operator has reserved for that address stays.
        if (Former is { IsReservation: false } former && former.PublicIp != prepared.Plan.PublicIp)
        {
            await GiveBackAsync(former);
        }

        // Each thing that is changed from here on is undone by its owner's Dispose.
        StartingPoint start = await prepared.Starter.AcquireAsync(
            prepared.Plan.Config, prepared.Backend.LeaseData, prepared.Previous, cancellation);
        try
        {
            BackendCatalog.RemoveRemains(prepared.Plan.Backend, prepared.Context);
            await ServeAsync(prepared, start, cancellation);
        }
        catch when (start.IsNew && !WasReady)
        {
            await GiveBackAsync(start.Own);
            throw;
        }
    }

    private async Task ServeAsync(PreparedStart prepared, StartingPoint start, CancellationToken cancellation)
    {
        (StartPlan plan, IBackend backend) = (prepared.Plan, prepared.Backend);
        (RunOptions options, HealthBoard health) = (process.Options, process.Health);
        backend.Open(start.Own.Subnet);
        var subnetFile = new SubnetFile(
            options.SubnetFile, plan.Config.Network, () => backend.Mtu, start.Own.Subnet, options.Firewall.Masquerade,
            log)
        {
            Health = health,
        };
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using FirewallKeeper firewall = FirewallStart.Prepare(
            options, plan.Config, start.Own.Subnet, backend.ReadState(), plan.Underlay, s_clock, health,
            process.Progress, log, ending.Token);
        using BlackholeRoute? blackhole =
            options.HasBlackholeRoute ? new BlackholeRoute(prepared.Previous, health, log) : null;
        void Apply(LeaseView leases, LeaseDelta delta)
        {
            backend.Apply(leases, delta);
            blackhole?.MoveTo(leases.OwnSubnet);
            firewall.MoveTo(leases.OwnSubnet);
            subnetFile.MoveTo(leases.OwnSubnet);
        }

        var keeper = new LeaseKeeper(store, start, options.RenewMargin, s_clock, Random.Shared, log)
        {
            Counts = prepared.Starter.Counts,
            Health = health,
        };
        var leases = new LeaseLoop(
            store, start, keeper, new BackendLeases(plan.Backend.Type, plan.Backend.Takes), Apply,
            prepared.Snapshots, s_clock, log)
        {
            Health = health,
            Turns = process.Progress.Watch("leases"),
            Restart = restart.Ask,
        };
        using var underlay = UnderlayWatch.Open(
            options.Underlay, plan.Underlay, plan.Config.Network, restart.Ask, health,
            process.Progress.Watch("underlay watch"), log);
        Task leaseLoop = leases.RunAsync(ending.Token);
        Task upkeep = Task.CompletedTask;
        Task sampling = Task.CompletedTask;
        Task checking = Task.CompletedTask;
        Task announcing = Task.CompletedTask;
        try
        {
            await leases.FirstUpdate.WaitAsync(cancellation);
            backend.Forward();
            process.Progress.Watch(backend.ReadWorkers);
            firewall.Start();
            var activity = new PeerActivity(s_clock);
            var status = new StatusSource(
                backend, plan.Backend.Type, plan.Config.Network, store.Description, () => leases.Known, health,
                activity, s_clock) { SubnetFile = Path.GetFullPath(options.SubnetFile) };
            var metrics = new MetricsPage(status, plan.Config, keeper.Counts, options.Endpoints.MostPeers)
            {
                Store = store.Counts,
                Firewall = options.Firewall,
                Underlay = plan.Underlay.Name,
            };
            string Summarize() => string.Create(
                CultureInfo.InvariantCulture,
                $"{leases.Known.Own.Subnet}, peers: {backend.ReadState().Peers}, "
                    + $"warnings: {health.ReadVisible().Count}");
            BackendState state = backend.ReadState();
            var capture = new CaptureSources(
                backend.Taps, backend.IsKernelForwarding, plan.Underlay.Name, plan.Config.Network, state,
                ending.Token);
            process.Running.Open(
                new DaemonAnswers(status, metrics.Write, () => ReadCounters(backend, leases), Summarize, capture));
            Ipv4Prefix subnet = subnetFile.Publish();
            Log.WroteSubnetFile(log, options.SubnetFile);
            using var subnetFileWatch = new SubnetFileWatch(subnetFile, log);
            WasReady = true;
            process.Probes.IsStarted = true;
            state = backend.ReadState();
            Log.Ready(
                log, subnet.ToString(), state.Interface, backend.Mtu, state.Endpoint, state.Peers, state.Description);
            process.Service.Ready(Summarize());

            announcing = new ReadyNotice(store, s_clock, Random.Shared, log).RunAsync(ending.Token);
            WorkTurns upkeepTurns = process.Progress.Watch("upkeep");
            upkeep = new Upkeep(backend, subnetFile, blackhole, s_clock, upkeepTurns).RunAsync(ending.Token);
            checking = Check(backend, plan, state.Interface, leases)
                .RunAsync(ending.Token);
            sampling = new Sampler(
                backend, activity, new PeerHealth(health, activity, s_clock), health, process.Progress,
                new HealthEvents(health, log.Keep, log, s_clock), s_clock, log).RunAsync(ending.Token);
            underlay.Start();
            Task loops = Task.WhenAny(leaseLoop, upkeep, sampling, checking).Unwrap();
            await UntilStoppedAsync(backend, loops, cancellation);
            if (cancellation.IsCancellationRequested)
            {
                LogStopped(backend.ReadCounters());
            }
        }
        finally
        {
            process.Probes.IsStarted = false;
            process.Running.Close(); // what it answers from is closed next
            await ending.CancelAsync();
            await Task.WhenAll(leaseLoop, upkeep, sampling, checking, announcing)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Held = keeper.Held;
        }
    }

    private HostChecks Check(IBackend backend, StartPlan plan, string pods, LeaseLoop leases)
    {
        (HealthBoard health, WorkerProgress progress) = (process.Health, process.Progress);
        var forwarding = new StandingChecks(health);
        var limits = new HostLimits(health);
        var entries = new ForeignEntries(plan.Config.Network, pods == plan.Underlay.Name ? null : pods, health);
        return new HostChecks(
            () =>
            {
                forwarding.LookAtForwarding(pods);
                limits.Look();
            },
            () =>
            {
                KnownLeases known = leases.Known;
                entries.Look(known.Own.Subnet, route => known.Peers.Any(peer => peer.Subnet == route.Destination
                    && peer.PublicIp == route.Gateway && backend.IsRoutedPlainly(peer.PublicIp)));
            },
            look => entries.Watch(look, log, progress.Watch("route watch", HostChecks.LongestTurn)),
            s_clock,
            progress.Watch("host checks", HostChecks.LongestTurn))
        {
            Health = health,
            Log = log,
        };
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
        log.Flush();
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

    /// <summary>
    /// Returns at a signal, and when another is to take over; throws when forwarding or one of the loops has ended by
    /// itself in a way that another would not mend.
    /// </summary>
    private async Task UntilStoppedAsync(IBackend backend, Task loops, CancellationToken cancellation)
    {
        var stopped = new TaskCompletionSource();
        using CancellationTokenRegistration stopping = cancellation.Register(() => stopped.TrySetResult());
        Task first = await Task.WhenAny(stopped.Task, restart.Asked, backend.Fault, loops);
        if (cancellation.IsCancellationRequested || first == restart.Asked)
        {
            return; // the loops end by the same signal, and may be first
        }

        if (first == backend.Fault)
        {
            Exception fault = await backend.Fault;
            if (fault is not LinuxException)
            {
                throw fault;
            }

            process.Health.Repairs.Add(RepairedObject.Link); // made anew by the next one
            restart.Ask($"forwarding on {backend.ReadState().Interface} ended: {fault.Message}");
            return;
        }

        await loops;
    }

    /// <summary>Removes a lease that this host does not need, so that the store does not keep it for a day.</summary>
    private async Task GiveBackAsync(SubnetLease lease)
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
