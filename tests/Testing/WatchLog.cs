using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;

namespace Overlay.Testing;

/// <summary>Runs a store's watch in the background and keeps its updates.</summary>
public sealed class WatchLog : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<LeaseUpdate> _updates = [];
    private readonly Task _run;

    /// <summary>Begins to watch a store.</summary>
    public WatchLog(ILeaseStore store, NetworkConfig config)
        : this(stop => store.WatchAsync(config, stop))
    {
    }

    /// <summary>Begins to watch whatever gives updates until it is cancelled.</summary>
    public WatchLog(Func<CancellationToken, IAsyncEnumerable<LeaseUpdate>> watch) =>
        _run = Task.Run(() => RunAsync(watch));

    public LeaseUpdate[] Updates
    {
        get
        {
            lock (_updates)
            {
                return [.. _updates];
            }
        }
    }

    /// <summary>The updates so far, in words.</summary>
    public string[] Descriptions => [.. Updates.Select(Describe)];

    /// <summary>Waits until so many updates were made, and gives the last of them.</summary>
    public async Task<LeaseUpdate> WaitForAsync(int count, Action? between = null)
    {
        await Eventually.IsTrue(
            () => Updates.Length >= count || _run.IsFaulted,
            () => $"{count} updates, but only {string.Join("; ", Descriptions)}",
            between);
        return _run.IsFaulted ? throw _run.Exception : Updates[count - 1];
    }

    /// <summary>Waits until an update from a given one on is described by a text.</summary>
    /// <returns>How many updates there are up to it.</returns>
    public async Task<int> WaitForAsync(string description, int from = 0)
    {
        await Eventually.IsTrue(
            () => Descriptions.Skip(from).Contains(description) || _run.IsFaulted,
            () => $"\"{description}\", but only {string.Join("; ", Descriptions.Skip(from))}");
        return _run.IsFaulted ? throw _run.Exception : Array.IndexOf(Descriptions, description, from) + 1;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _run;
        }
        catch (OperationCanceledException)
        {
        }

        _stop.Dispose();
    }

    /// <summary>
    /// One word and the leases: <c>snapshot 10.5.1.0/24=192.0.2.1</c>, <c>changes -10.5.1.0/24</c>, <c>gap</c>,
    /// <c>question</c>, <c>host changed</c>.
    /// </summary>
    public static string Describe(LeaseUpdate update) => update switch
    {
        LeaseUpdate.Snapshot snapshot => string.Join(' ', ["snapshot", .. snapshot.Leases.Select(Describe)]),
        LeaseUpdate.Changes changes => string.Join(' ', ["changes", .. changes.Items.Select(Describe)]),
        LeaseUpdate.OwnInQuestion => "question",
        LeaseUpdate.HostChanged => "host changed",
        _ => "gap",
    };

    private static string Describe(SubnetLease lease) => $"{lease.Subnet}={lease.PublicIp}";

    private static string Describe(LeaseChange change) =>
        change.Lease is { } lease ? Describe(lease) : $"-{change.Subnet}";

    private async Task RunAsync(Func<CancellationToken, IAsyncEnumerable<LeaseUpdate>> watch)
    {
        await foreach (LeaseUpdate update in watch(_stop.Token))
        {
            lock (_updates)
            {
                _updates.Add(update);
            }
        }
    }
}
