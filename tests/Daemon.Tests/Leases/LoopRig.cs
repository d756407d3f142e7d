using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Daemon.Backends.Udp;
using Overlay.Daemon.Health;
using Overlay.Daemon.Leases;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Router.Routes;
using Overlay.Testing;
using Xunit;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Leases;

/// <summary>
/// A lease loop with its keeper on a scripted store, a clock that is moved by hand, and a run directory of its own.
/// </summary>
internal sealed class LoopRig : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan Margin = TimeSpan.FromMinutes(60);
    internal static readonly NetworkConfig Config = NetworkConfig.Parse("""{"Network":"10.5.0.0/16"}""");

    private readonly CancellationTokenSource _stop = new();

    private Ipv4Prefix _held;

    /// <summary>Starts it.</summary>
    /// <param name="peers">Known from a snapshot; null to begin with the store's first answer.</param>
    /// <param name="expires">When the own lease ends; null for a day from now.</param>
    /// <param name="script">What the store answers, from the first question on.</param>
    /// <param name="takes">Which leases are for our backend; null for all.</param>
    /// <param name="turns">Gets those of the loop.</param>
    /// <param name="chance">What each random number is, 0 to less than 1: 0 renews at the margin itself.</param>
    internal LoopRig(
        IReadOnlyList<SubnetLease>? peers =
            null, DateTimeOffset? expires = null, Action<ScriptedStore>? script = null, double chance = 0,
        Func<BackendLeaseData, bool>? takes = null, WorkTurns? turns = null)
    {
        Turns = turns ?? new WorkTurns();
        Own = LeaseOf("10.5.34.0", "192.168.0.34", expires ?? Time.GetUtcNow() + TimeSpan.FromHours(24));
        _held = Own.Subnet;
        Store = new ScriptedStore(Time);
        script?.Invoke(Store);
        Directory = System.IO.Directory.CreateTempSubdirectory("overlay-loop-").FullName;
        Health = new HealthBoard(Time);
        Snapshots = new SnapshotFile(Directory, Log) { Health = Health };
        var start = new StartingPoint(Config, Own, IsNew: false, peers);
        var keeper = new LeaseKeeper(Store, start, Margin, Time, new FixedRandom(chance), Log) { Health = Health };
        Loop = new LeaseLoop(
            Store, start, keeper, new BackendLeases("host-gw", takes ?? (_ => true)), Apply,
            new SnapshotWriter(Snapshots, Time), Time, Log)
        {
            Health = Health,
            Turns = Turns,
        };
        Running = Loop.RunAsync(_stop.Token);
    }

    internal ManualTime Time { get; } = new();

    internal WorkTurns Turns { get; }

    /// <summary>Is called before leases are applied.</summary>
    internal Action? Applying { get; set; }

    internal HealthBoard Health { get; }

    internal ScriptedStore Store { get; }

    internal RouteTableCell Cell { get; } = new();

    internal LineLog Log { get; } = new();

    /// <summary>The subnets the host was moved to.</summary>
    internal ConcurrentQueue<Ipv4Prefix> Moves { get; } = [];

    internal string Directory { get; }

    internal SnapshotFile Snapshots { get; }

    internal SubnetLease Own { get; }

    internal LeaseLoop Loop { get; }

    internal Task Running { get; }

    // As the daemon does: routes first, then whatever shows the own subnet.
    private void Apply(LeaseView leases, LeaseDelta delta)
    {
        Applying?.Invoke();
        new RoutePublisher(Cell.Publish, Config.Network, _ => false, Log) { Health = Health }.Publish(leases);
        if (leases.OwnSubnet != _held)
        {
            _held = leases.OwnSubnet;
            Moves.Enqueue(_held);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    internal static SubnetLease LeaseOf(string subnet, string publicIp, DateTimeOffset? expires = null) =>
        new(new Ipv4Prefix(Address(subnet), 24), new LeaseAttributes(Address(publicIp)), expires
            ?? DateTimeOffset.MaxValue);

    /// <summary>The same number each time.</summary>
    internal sealed class FixedRandom(double number) : Random
    {
        public override double NextDouble() => number;
    }

    internal static async Task Until(Func<bool> condition)
    {
        for (long began = Environment.TickCount64; !condition(); await Task.Delay(
            5, TestContext.Current.CancellationToken))
        {
            Assert.True(Environment.TickCount64 - began < Patience.TotalMilliseconds, "not within the deadline");
        }
    }

    internal async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The store's first answer, and what is made of it.</summary>
    internal async Task BeginAsync(params IReadOnlyList<SubnetLease> peers)
    {
        Store.Tell(new LeaseUpdate.Snapshot([Own, .. peers]));
        await Loop.FirstUpdate.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    internal Task UntilSaid(string line) =>
        Until(() => Log.Lines.Exists(said => said.Contains(line, StringComparison.Ordinal)));

    internal int TimesSaid(string line) =>
        Log.Lines.FindAll(said => said.Contains(line, StringComparison.Ordinal)).Count;

    /// <summary>
    /// Moves the clock on in steps until something holds: what runs beside may set its timers at any moment.
    /// </summary>
    internal Task UntilWhile(TimeSpan step, Func<bool> condition) => Until(() =>
    {
        if (condition())
        {
            return true;
        }

        Time.Advance(step);
        return false;
    });

    /// <summary>What the snapshot's file holds; null while there is none.</summary>
    internal LeaseSnapshot? Saved() =>
        File.Exists(Snapshots.Path) ? LeaseSnapshotJson.Read(File.ReadAllBytes(Snapshots.Path)) : null;
}
