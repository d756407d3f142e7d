using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using Overlay.Control;
using Overlay.Daemon.Capturing;
using Overlay.Daemon.Endpoints;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Health;
using Overlay.Daemon.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Status;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// <c>overlay run</c>: one process, and in it one daemon after the other, each started by what the host and the config
/// are by then.
/// </summary>
/// <remarks>
/// A restart within the process goes the same way as the first start, so there is one way only in which anything is set
/// up. The first start fails with one line; a later one is tried again until what is in its way is gone.
/// </remarks>
internal sealed class DaemonLifetime(RunOptions options, ServiceManager service, DaemonLog log)
{
    private static readonly TimeSpan s_betweenAttempts = TimeSpan.FromMilliseconds(500);

    // Whatever ended such a daemon may end the next one as soon.
    private static readonly TimeSpan s_shortLife = TimeSpan.FromSeconds(1);

    // A reload is no reason to wait for a store that is away.
    private static readonly TimeSpan s_patienceOfReload = TimeSpan.FromSeconds(10);

    private RestartRequest _restart = new();
    private int _reloads; // under way: 0 or 1

    /// <summary>
    /// Runs until SIGTERM, SIGINT or SIGQUIT. SIGHUP starts the daemon again within the process, with the network
    /// config and the interface of then; from a terminal that closes it ends it.
    /// </summary>
    /// <returns><see cref="ExitCode.Success"/> after a clean stop.</returns>
    /// <exception cref="OperatorException">It could not start or could not go on; the message is one line with the
    /// remedy.</exception>
    internal static async Task<int> RunAsync(RunOptions options)
    {
        bool isDetached = Console.IsInputRedirected;
        using var stop = new StopRequest(hangUpStops: !isDetached);
        var output = LogOutput.Open(options.Log);
        using var service = ServiceManager.Find(output.Log);
        try
        {
            await new DaemonLifetime(options, service, output.Log).RunAsync(isDetached, stop.Token);
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
            output.Close();
        }
    }

    private async Task RunAsync(bool hangUpReloads, CancellationToken cancellation)
    {
        LogOptions();
        SubnetFile.Check(options.SubnetFile); // a store that is waited for must not hide that the options are wrong
        using var runDirectory = RunDirectory.Take(options.RunDirectory);
        var health = new HealthBoard(TimeProvider.System);
        var progress = new WorkerProgress(TimeProvider.System, WorkerProgress.DefaultHungAfter);
        var probes = new ProbePages(health, progress);
        var running = new ForwardingDaemon();
        await using EndpointServers endpoints = await EndpointServers.OpenAsync(
            options.Endpoints, probes, () => running.Ask(daemon => daemon.Metrics()),
            () => running.Ask(daemon => daemon.Status.Read().ToJson()), log);
        var capture = new CaptureHandler(running, TimeProvider.System, log);
        await using var control = ControlServer.Listen(
            runDirectory.Path,
            new Dictionary<string, ControlHandler>(new StatusHandlers(running, health, log).All)
            {
                [ControlCommands.Capture] = capture.AnswerAsync,
                [ControlCommands.EndCapture] = capture.EndAsync,
            });
        using var kept = KeptDescriptors.Inherit(service);
        var process = new ProcessContext(
            options, runDirectory, kept, service, health, progress, probes, running);
        using PosixSignalRegistration? reload = hangUpReloads
            ? PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                if (!running.IsThere)
                {
                    Log.ReloadRefused(log, "it is starting, and goes by what is there by then");
                }
                else if (Interlocked.Exchange(ref _reloads, 1) == 0)
                {
                    _ = ReloadAsync(process, cancellation);
                }
            })
            : null;
        using var reporting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reports = new ServiceReports(
            service, progress, () => running.TryAsk(daemon => daemon.Summary()), TimeProvider.System)
            .RunAsync(reporting.Token);
        using CancellationTokenRegistration stopping = cancellation.Register(service.Stopping);
        try
        {
            await RunDaemonsAsync(process, cancellation);
        }
        finally
        {
            await reporting.CancelAsync();
            await reports.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunDaemonsAsync(ProcessContext process, CancellationToken cancellation)
    {
        bool wasReady = false;
        string? obstacle = null;
        SubnetLease? former = null;
        while (true)
        {
            process.Health.ClearAll();
            process.Health.Set(HealthCodes.NotStartedAgain, "", obstacle);
            process.Progress.Clear();
            long began = Stopwatch.GetTimestamp();

            OverlayDaemon? daemon = null;
            try
            {
                // Each has a store of its own: connections come from what the host's addresses were.
                await using ILeaseStore store = OpenStore();
                daemon = new OverlayDaemon(
                    await process.NamedByAsync(store, cancellation), store, _restart, log) { Former = former };
                using PreparedStart prepared = await daemon.PrepareAsync(cancellation);
                await daemon.RunAsync(prepared, cancellation);
                obstacle = null;
            }
            catch (Exception problem) when ((wasReady || daemon is { WasReady: true }) && IsExpected(problem))
            {
                if (obstacle != problem.Message)
                {
                    obstacle = problem.Message;
                    Log.RestartFailed(log, problem.Message);
                    service.Status($"could not start again: {problem.Message}");
                }
            }

            wasReady |= daemon is { WasReady: true };
            former = daemon?.Held ?? former;
            cancellation.ThrowIfCancellationRequested();
            if (obstacle is null)
            {
                Log.Restarting(log, await _restart.Asked.WaitAsync(cancellation));
            }

            if (obstacle is not null || Stopwatch.GetElapsedTime(began) < s_shortLife)
            {
                await Task.Delay(s_betweenAttempts, cancellation);
            }

            Volatile.Write(ref _restart, new RestartRequest());
        }
    }

    private ILeaseStore OpenStore() => LeaseStoreFactory.Open(
        options.LeaseStore, TimeProvider.System, warning => Log.StoreWarning(log, warning));

    // What would keep the next daemon from starting is found while this one runs, and it goes on.
    private async Task ReloadAsync(ProcessContext process, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patienceOfReload);
        service.Reloading();
        string refusal;
        try
        {
            using var silence = new DaemonLog(TimeProvider.System, LogLevel.None, _ => { });
            await using ILeaseStore store = OpenStore();
            ProcessContext trial = process with { Health = new HealthBoard(TimeProvider.System) };
            var next = new OverlayDaemon(
                await trial.NamedByAsync(store, patience.Token), store, new RestartRequest(), silence);
            using (await next.PrepareAsync(patience.Token))
            {
            }

            Volatile.Read(ref _restart).Ask("SIGHUP");
            return;
        }
        catch (OperationCanceledException)
        {
            refusal = $"the lease store is away for {s_patienceOfReload.TotalSeconds:0} s";
        }
        catch (Exception problem)
        {
            refusal = problem.Message; // whatever it is, it is no reason to end the daemon that runs
        }
        finally
        {
            Volatile.Write(ref _reloads, 0);
        }

        if (!cancellation.IsCancellationRequested)
        {
            Log.ReloadRefused(log, refusal);
            service.Ready(status: null);
        }
    }

    private void LogOptions()
    {
        if (options.Ineffective is [_, ..])
        {
            Log.OptionsWithoutEffect(log, string.Join(", ", options.Ineffective));
        }

        if (options.UnknownVariables is [_, ..])
        {
            Log.VariablesIgnored(log, NameList.Shorten(options.UnknownVariables));
        }
    }

    private static bool IsExpected(Exception problem) =>
        problem is OperatorException or LinuxException or LeaseStoreException or IOException
            or UnauthorizedAccessException or InvalidDataException;
}
