using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Leases;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Linux.Netlink;
using Overlay.Operator.Stores;
using Overlay.Router.Counters;
using Overlay.Router.Forwarding;
using Overlay.Router.IcmpErrors;
using Overlay.Router.Routes;
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
        using var stopping = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true; // not the default action: end in good order
            stopping.Cancel();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop); // the terminal is gone
        ILoggerFactory loggers = LogOutput.Create();
        try
        {
            await new OverlayDaemon(options, loggers.CreateLogger("overlay")).RunAsync(stopping.Token);
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
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

    private async Task RunAsync(CancellationToken stopping)
    {
        // a store that is waited for must not hide that the options are wrong
        StartPlan.CheckSubnetFile(options.SubnetFile);
        using var runDirectory = RunDirectory.Take(options.RunDirectory);
        await using ILeaseStore store = LeaseStoreFactory.Open(
            options.LeaseStore, s_clock, warning => Log.StoreWarning(log, warning));
        using var netlink = RouteNetlink.Open();
        var underlay = UnderlayInterface.Select(
            netlink.GetLinks(), netlink.GetAddresses(), netlink.GetRoutes(), options.Interface, options.PublicIp);
        var snapshots = new SnapshotFile(runDirectory.Path, log);
        var starter = new LeaseStarter(
            store, snapshots, options.PublicIp ?? underlay.Address, s_clock, Random.Shared, log);
        var plan = StartPlan.Make(options, underlay, await starter.ReadConfigAsync(stopping), store.Description, log);

        // ══ Above this line nothing of the machine is changed; below it, each thing is undone by its owner's Dispose.
        // ══
        Ipv4Prefix? previous = SubnetEnvFile.ReadPreviousSubnet(
            options.SubnetFile, warning => Log.StoreWarning(log, warning));
        StartingPoint start = await starter.AcquireAsync(plan.Config, previous, stopping);
        try
        {
            await ServeAsync(
                plan, start, store, netlink, new SnapshotWriter(snapshots, s_clock), runDirectory, stopping);
        }
        catch when (start.IsNew && !_isReady)
        {
            await GiveBackAsync(store, start.Own);
            throw;
        }
    }

    private async Task ServeAsync(
        StartPlan plan, StartingPoint start, ILeaseStore store, RouteNetlink netlink, SnapshotWriter snapshots, RunDirectory runDirectory,
        CancellationToken stopping)
    {
        using var dataPlane = DataPlane.Open(options, plan);
        var host = new HostSubnet(netlink, options.SubnetFile, plan, start.Own.Subnet, log);
        host.Configure();
        dataPlane.ProbeWrites();
        using IcmpPort? icmp = OpenIcmp();

        var routes = new RouteTableCell();
        var keeper = new LeaseKeeper(store, start, options.RenewMargin, s_clock, Random.Shared, log);
        var leases = new LeaseLoop(
            store, start, keeper, new RoutePublisher(
                routes, plan.Config.Network), host.MoveTo, snapshots, s_clock, log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task leaseLoop = leases.RunAsync(ending.Token);
        Task upkeep = Task.CompletedTask;
        try
        {
            await leases.FirstUpdate.WaitAsync(stopping);
            using Forwarder forwarder = dataPlane.CreateForwarder(routes, icmp);
            forwarder.Start();
            await using var control = ControlServer.Listen(
                runDirectory.Path,
                new Dictionary<string, ControlHandler>
                {
                    [ControlCommands.Counters] = (answer, cancellation) => answer.WriteAsync(
                        ForwarderReport.Of(forwarder, routes.Current, dataPlane.ReadKernelDrops()).ToJson(),
                        cancellation),
                });
            Ipv4Prefix subnet = host.Publish();
            _isReady = true;
            Log.Ready(log, subnet.ToString(), dataPlane.Tun.Name, plan.TunnelMtu, $"{Ipv4Prefix.Format(plan.Underlay.Address)}:{plan.Port}",
                routes.Current.PeerCount, dataPlane.Description, options.SourceCheck.ToString().ToLowerInvariant());

            upkeep = new Upkeep(
                host, new DropReport(forwarder, log), new AccelerationReport(
                    dataPlane.Accelerations, forwarder.Paths, log), s_clock)
                .RunAsync(ending.Token);
            await UntilStoppedAsync(forwarder, Task.WhenAny(leaseLoop, upkeep).Unwrap(), stopping);
            PathTotals outbound = forwarder.Outbound;
            PathTotals inbound = forwarder.Inbound;
            Log.Stopped(
                log, outbound.ForwardedPackets, inbound.ForwardedPackets, outbound.Dropped() + inbound.Dropped());
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(leaseLoop, upkeep).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns at a signal; throws when a direction or one of the loops has ended by itself.</summary>
    private static async Task UntilStoppedAsync(Forwarder forwarder, Task loops, CancellationToken stopping)
    {
        Task first = await Task.WhenAny(Task.Delay(Timeout.Infinite, stopping), forwarder.Fault, loops);
        if (stopping.IsCancellationRequested)
        {
            return; // the loops end by the same signal, and may be first
        }

        if (first == forwarder.Fault)
        {
            Exception fault = await forwarder.Fault;
            throw fault is LinuxException
                ? new OperatorException($"forwarding on {TunnelLink.Name} ended: {fault.Message}", fault)
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

    private IcmpPort? OpenIcmp()
    {
        try
        {
            return new IcmpPort(IcmpSocket.Open());
        }
        catch (LinuxException refused)
        {
            Log.NoIcmp(log, refused.Message);
            return null;
        }
    }
}
